# Wie die E-Mails der Firma hinausgehen.
mail-settings = Wie E-Mails hinausgehen
mail-leaves-own = E-Mails gehen über { $server } als { $address } hinaus.
mail-leaves-installation = E-Mails gehen über den Mailserver dieser Installation als { $address } hinaus.
mail-leaves-mailbox = Es ist kein Mailserver eingerichtet: E-Mails bleiben im Postfach dieser Installation. Sie kämen von { $address }.
mail-test = Test
mail-test-text = Schickt eine E-Mail an { $address } und sagt, was der Mailserver geantwortet hat.
mail-test-send = Mir eine Testmail schicken
mail-test-taken = Der Mailserver hat die E-Mail angenommen. Sehen Sie in Ihrem Posteingang nach, und im Spam-Ordner, falls sie nicht ankommt.
mail-test-kept = Nichts wurde gesendet: Es ist kein Mailserver eingerichtet. Die E-Mail liegt im Postfach dieser Installation.
mail-test-unknown-host = Einen Server mit diesem Namen gibt es nicht. Prüfen Sie die Schreibweise.
mail-test-not-allowed = Dieser Server steht in einem privaten Netz, das hier für E-Mails geschlossen ist. Geben Sie einen Server an, der aus dem Internet erreichbar ist.
mail-test-unreachable = Unter diesem Server und Port antwortet niemand. Prüfen Sie den Port: meist 587 mit STARTTLS oder 465 mit TLS.
mail-test-tls = Eine geschützte Verbindung war nicht möglich. Versuchen Sie die andere Art des Schutzes, und prüfen Sie, ob der Name des Servers der aus seinem Zertifikat ist.
mail-test-credentials = Der Server nimmt Name und Passwort nicht an. Manche Anbieter verlangen ein eigenes Passwort für Anwendungen.
mail-test-sender = Der Server sendet nicht für diese Absenderadresse. Geben Sie eine an, die zu diesem Postfach gehört.
mail-test-recipient = Der Server kennt Ihre eigene Adresse nicht als Empfänger. Prüfen Sie die Adresse in Ihrem Profil.
mail-test-policy = Der Server hat die E-Mail nach seinen Regeln abgelehnt, oft weil die Domain ihn nicht als Absender nennt. Sehen Sie sich die Prüfung Ihrer Domain an.
mail-test-later = Der Server bittet, später wiederzukommen. Das ist bei manchen Servern üblich; versuchen Sie es in einigen Minuten erneut.
mail-test-timeout = Der Server hat nicht rechtzeitig geantwortet. Prüfen Sie Name und Port, und versuchen Sie es erneut.
mail-test-refused = Der Server hat die E-Mail nicht angenommen. Seine eigenen Worte stehen darunter.
mail-domain = Ihre Domain
mail-domain-text = Ob andere Mailserver glauben, dass Ihre E-Mails von Ihnen sind, hängt an drei Einträgen Ihrer Domain.
mail-domain-check = Domain und Schlüssel prüfen
mail-sender = Absender
mail-from-name = Name
mail-from-name-hint = Leer für den Namen der Firma.
mail-from-address = Adresse
mail-from-address-hint = Leer für den Absender in den Einstellungen der Firma. Sie sollte zu einer Domain gehören, die Ihnen gehört.
mail-inbound = Adresse für Rückläufer und Antworten
mail-inbound-hint = Ein Postfach, das Adressen mit Pluszeichen annimmt und seine Post an dieses Portal weiterreicht oder unten verbunden ist, zum Beispiel in@mail.example.com. Ohne ein solches gehen Rückläufer an den Absender.
mail-server = Ihr eigener Mailserver
mail-server-text = Lassen Sie den Namen leer, um über den Mailserver dieser Installation zu senden.
mail-server-host = Server
mail-server-host-hint = Zum Beispiel smtp.example.com.
mail-server-port = Port
mail-server-port-hint = Meist 587 mit STARTTLS oder 465 mit TLS.
mail-security = Schutz
mail-security-starttls = STARTTLS
mail-security-tls = TLS von Anfang an
mail-security-none = Keiner (nur für einen Server auf diesem Rechner)
mail-server-user = Benutzername
mail-server-password = Passwort
mail-server-password-hint = Es wird verschlüsselt aufbewahrt und nie gezeigt.
mail-server-password-kept = Ein Passwort ist hinterlegt. Lassen Sie das Feld leer, um es weiter zu verwenden; geben Sie es erneut ein, wenn Sie Server oder Namen ändern.
mail-manners = Was E-Mails sagen, und wann
mail-hold = Sekunden, bevor eine Nachricht gemailt wird
mail-hold-hint = Wer sie in dieser Zeit im Portal sieht, bekommt keine E-Mail. 0 bis 3600.
mail-hide = E-Mails sagen nur, dass es etwas Neues gibt, und nichts darüber

# Die Prüfung der Domain.
mail-check = Prüfung der Mail-Domain
mail-check-all-right = Mit { $domain } ist alles in Ordnung.
mail-check-some-advice = { $domain } funktioniert. { $count ->
    [one] Eines könnte besser sein.
   *[other] { $count } Dinge könnten besser sein.
}
mail-check-some-wrong = { $count ->
    [one] Eines stimmt nicht mit { $domain }.
   *[other] { $count } Dinge stimmen nicht mit { $domain }.
}
mail-check-ok = In Ordnung
mail-check-advice = Rat
mail-check-wrong = Falsch
mail-check-again = Noch einmal prüfen
mail-record-name = Name des Eintrags
mail-record-found = Was dort steht
mail-record-wanted = Was dort stehen sollte
mail-record-text = Text (TXT)
mail-check-dns-away = Die Nameserver haben nicht geantwortet.
mail-check-dns-away-do = Versuchen Sie es in einigen Minuten erneut.
mail-check-spf-ok = Der Eintrag, wer für die Domain senden darf, ist vorhanden.
mail-check-spf-missing = Kein Eintrag sagt, wer für die Domain senden darf.
mail-check-spf-missing-do = Fügen Sie den Eintrag unten hinzu. Nennt Ihr Mailanbieter einen eigenen, nehmen Sie seinen.
mail-check-spf-twice = Es gibt zwei solche Einträge, darum gilt keiner.
mail-check-spf-twice-do = Fassen Sie beide zu einem zusammen.
mail-check-spf-open = Der Eintrag lässt jeden für die Domain senden.
mail-check-spf-open-do = Ersetzen Sie ihn durch den unten.
mail-check-spf-too-long = Der Eintrag befragt Nameserver mehr als zehnmal, darum gilt er nicht.
mail-check-spf-too-long-do = Nehmen Sie heraus, was nicht mehr gebraucht wird.
mail-check-spf-no-end = Der Eintrag sagt nicht, was für alle anderen gilt.
mail-check-spf-no-end-do = Ersetzen Sie ihn durch den unten.
mail-check-spf-not-aligned = Rückläufer kommen an eine andere Domain als die des Absenders, darum spricht dieser Eintrag nicht für den Absender.
mail-check-spf-not-aligned-do = Verwenden Sie für Rückläufer eine Adresse in der Domain des Absenders, oder verlassen Sie sich auf die Signatur (DKIM).
mail-check-dkim-ok = E-Mails werden signiert, und der Schlüssel ist veröffentlicht.
mail-check-dkim-missing = E-Mails werden nicht signiert.
mail-check-dkim-missing-do = Erzeugen Sie unten einen Schlüssel, veröffentlichen Sie seinen Eintrag und nehmen Sie ihn in Gebrauch.
mail-check-dkim-gone = E-Mails werden signiert, aber der Schlüssel ist nicht veröffentlicht. Andere Server können die Signatur nicht prüfen.
mail-check-dkim-gone-do = Fügen Sie den Eintrag unten hinzu.
mail-check-dkim-other = Unter diesem Namen ist ein anderer Schlüssel veröffentlicht.
mail-check-dkim-other-do = Ersetzen Sie den Eintrag durch den unten.
mail-check-dkim-ready = Der Schlüssel ist veröffentlicht und noch nicht in Gebrauch.
mail-check-dkim-ready-do = Nehmen Sie ihn unten in Gebrauch.
mail-check-dkim-pending = Ein Schlüssel wartet auf seinen Eintrag.
mail-check-dkim-pending-do = Fügen Sie den Eintrag unten hinzu. Es kann eine Stunde dauern, bis er zu sehen ist.
mail-check-dkim-retired = Ein abgelöster Schlüssel ist noch veröffentlicht. Sein Eintrag darf gehen, wenn seine letzten E-Mails angekommen sind, nach einer Woche.
mail-check-dkim-removed = Der Eintrag eines abgelösten Schlüssels ist fort, wie es sein soll.
mail-check-dmarc-ok = Die Domain weist andere an, E-Mails abzulehnen, die nur vorgeben, von Ihnen zu sein.
mail-check-dmarc-parent = Die übergeordnete Domain weist andere an, E-Mails abzulehnen, die nur vorgeben, von Ihnen zu sein.
mail-check-dmarc-none = Eine Richtlinie ist da, lässt aber E-Mails durch, die nur vorgeben, von Ihnen zu sein.
mail-check-dmarc-none-do = Wenn SPF und DKIM einige Wochen lang gestimmt haben, ersetzen Sie sie durch die unten.
mail-check-dmarc-missing = Die Domain sagt nicht, was mit E-Mails geschehen soll, die nur vorgeben, von Ihnen zu sein. Große Anbieter erwarten eine solche Richtlinie.
mail-check-dmarc-missing-do = Fügen Sie den Eintrag unten hinzu. Er ändert zunächst nichts und schickt Berichte an den Absender.
mail-check-dmarc-broken = Die Richtlinie ist nicht zu verstehen.
mail-check-dmarc-broken-do = Ersetzen Sie sie durch die unten.
mail-check-dmarc-twice = Es gibt zwei Richtlinien, darum gilt keine.
mail-check-dmarc-twice-do = Lassen Sie nur eine davon stehen.
mail-check-mx-ok = Die Domain nimmt E-Mails an.
mail-check-mx-missing = Die Domain nimmt keine E-Mails an: Antworten gehen verloren, und manche Server lehnen ab, was von ihr kommt.
mail-check-mx-missing-do = Fragen Sie Ihren Mailanbieter nach dem MX-Eintrag.
mail-keys = Schlüssel, die Ihre E-Mails signieren (DKIM)
mail-keys-text = Veröffentlichen Sie den Eintrag eines Schlüssels beim Anbieter Ihrer Domain, dann nehmen Sie den Schlüssel in Gebrauch. Zum Wechseln erzeugen Sie einen neuen und veröffentlichen ihn neben dem alten: Der alte signiert, bis der neue da ist.
mail-keys-none = Es gibt noch keinen Schlüssel.
mail-key-rsa = RSA, 2048 Bit: Jeder Server kann ihn prüfen
mail-key-ed25519 = Ed25519: ein kurzer Eintrag, den nicht jeder Server prüfen kann
mail-key-algorithm = Art des Schlüssels
mail-key-create = Schlüssel erzeugen
mail-key-activate = In Gebrauch nehmen
mail-key-retire = Außer Gebrauch nehmen
mail-key-retire-confirm = Diesen Schlüssel außer Gebrauch nehmen? E-Mails, die er signieren würde, gehen unsigniert hinaus, bis ein anderer in Gebrauch ist.
mail-key-active = Signiert
mail-key-pending = Wartet auf seinen Eintrag
mail-key-retired = Abgelöst

# Was man per E-Mail bekommt.
mail-choices = Was Sie per E-Mail erhalten
mail-choices-text = Im Portal steht in jedem Fall alles.
mail-choices-saved = Ihre Auswahl ist gespeichert.
mail-choices-always = Einladungen, Anmeldelinks und Hinweise zu Ihrer Sicherheit werden immer gesendet.
mail-kind-task = Neue Aufgaben
mail-kind-reminder = Erinnerungen
mail-kind-escalation = Verzögerungen
mail-kind-meeting = Termine
mail-kind-message = Nachrichten
mail-kind-notice = Andere Neuigkeiten
mail-way-now = Sofort
mail-way-digest = Einmal am Tag
mail-way-never = Nie
mail-times = Wann
mail-times-text = Die Zeiten sind die von { $zone }; Sie können das in Ihrem Profil ändern. In der Ruhezeit wird nichts gemailt, was warten kann.
mail-quiet-from = Ruhezeit beginnt
mail-quiet-until = Ruhezeit endet
mail-digest-at = Die tägliche Zusammenfassung kommt um

# Die Adresse unter einer E-Mail.
unsubscribe-ask = Keine solchen E-Mails mehr?
unsubscribe-ask-text = { $firm } schreibt Ihnen dazu keine E-Mails mehr: { $kind }. Im Portal steht es weiterhin.
unsubscribe-confirm = Diese E-Mails beenden
unsubscribe-off = Diese E-Mails sind abgeschaltet
unsubscribe-off-text = Sie erhalten dazu keine E-Mails mehr: { $kind }.
unsubscribe-undo = Wieder einschalten
unsubscribe-undone = Die E-Mails sind wieder eingeschaltet.
unsubscribe-unknown = Diese Adresse ist nicht bekannt
unsubscribe-unknown-text = Vielleicht wurde sie in der E-Mail abgeschnitten. Öffnen Sie sie von dort noch einmal, oder melden Sie sich an und wählen Sie, was Sie per E-Mail erhalten.
unsubscribe-choices = Alles auswählen, was Sie per E-Mail erhalten

# Was im Protokoll steht.
audit-mail-settings-changed = hat geändert, wie E-Mails hinausgehen
audit-mail-domain-checked = hat die Mail-Domain prüfen lassen
audit-dkim-key-created = hat einen Schlüssel erzeugt, der E-Mails signiert
audit-dkim-key-activated = hat einen Schlüssel in Gebrauch genommen, der E-Mails signiert
audit-dkim-key-retired = hat einen Schlüssel außer Gebrauch genommen, der E-Mails signiert
audit-mail-preferences-changed = hat ausgewählt, was per E-Mail kommt
audit-mail-unsubscribed = hat eine Art von E-Mails über die Adresse unter einer E-Mail ab- oder angeschaltet
audit-mail-bounced = bekam eine E-Mail zurück
audit-mail-complained = erfuhr, dass eine E-Mail als Spam gemeldet wurde
audit-mail-address-confirmed = hat eine Adresse bestätigt, von der E-Mails zurückkamen
audit-mail-intake-opened = hat ein neues Geheimnis für eingehende E-Mails erzeugt

# Was zurückkam.
bounces = Was zurückkam
bounces-text = Rückläufer und Beschwerden zu Ihren E-Mails. Eine Adresse, die nicht funktioniert, bekommt nichts mehr, bis jemand sie bestätigt.
bounces-none = Nichts kam zurück
bounces-none-next = Rückläufer erscheinen hier, sobald in den Einstellungen eine Adresse dafür eingerichtet ist.
bounces-hard = Unzustellbar
bounces-soft = Diesmal nicht
bounces-complaint = Als Spam gemeldet
bounces-undeliverable = E-Mails an diese Adresse kamen zurück. Es geht nichts mehr an sie, bis jemand bestätigt, dass sie funktioniert.
bounces-complained = Der Empfänger hat eine E-Mail als Spam gemeldet. Nur Einladungen, Anmeldelinks und Hinweise zur Sicherheit werden noch gesendet.
bounces-soft-count = { $count ->
    [one] Eine E-Mail kam beim ersten Versuch nicht an.
   *[other] { $count } E-Mails kamen vorerst nicht an.
}
bounces-confirm = Die Adresse funktioniert: wieder E-Mails senden
mail-intake = Eingehende E-Mails
mail-intake-text = Ihr Mailserver reicht Post an die Adresse für Rückläufer und Antworten unverändert per POST an { $address } weiter, mit der Kopfzeile Authorization: Bearer und dem Geheimnis.
mail-intake-none = Es gibt noch kein Geheimnis: Die Tür ist geschlossen.
mail-intake-some = Es gibt ein Geheimnis. Ein neues schließt die Tür für das alte.
mail-intake-make = Neues Geheimnis erzeugen
mail-intake-made = Das ist das Geheimnis. Kopieren Sie es jetzt: Es wird nicht noch einmal gezeigt.
audit-mailbox-connected = hat ein Postfach für eingehende E-Mails verbunden oder geändert
audit-mailbox-disconnected = hat das Postfach für eingehende E-Mails getrennt
mailbox-title = Postfach für eingehende E-Mails
mailbox-text = Rückläufer und Antworten an die Adresse dafür können aus einem Postfach (IMAP) abgeholt werden. Andere E-Mails darin bleiben, wie sie sind.
mailbox-open = Postfach verbinden oder nachsehen, wie es läuft
mailbox-stands = Wie es läuft
mailbox-connected = Verbunden als { $user } bei { $server }, Ordner { $folder }.
mailbox-looked = Zuletzt durchgesehen: { $time }.
mailbox-not-looked = Es wurde noch nicht durchgesehen.
mailbox-next = Nächstes Mal: { $time }.
mailbox-taken = { $count ->
    [one] Eine E-Mail wurde angenommen.
   *[other] { $count } E-Mails wurden angenommen.
}
mailbox-waiting = { $count ->
    [one] Eine E-Mail wartet, weil etwas nicht erreichbar war, und wird noch einmal abgeholt.
   *[other] { $count } E-Mails warten, weil etwas nicht erreichbar war, und werden noch einmal abgeholt.
}
mailbox-look = Jetzt nachsehen
mailbox-disconnect = Trennen
mailbox-connect = Verbinden
mailbox-access = Zugang
mailbox-host-hint = Zum Beispiel imap.example.com.
mailbox-port-hint = Meist 993 mit TLS von Anfang an oder 143 mit STARTTLS.
mailbox-folder = Ordner
mailbox-folder-hint = Der Ordner, in dem E-Mails ankommen, meist INBOX.
mailbox-done-folder = Ordner für angenommene E-Mails
mailbox-done-folder-hint = Bleibt er leer, bleiben sie liegen und werden als gelesen markiert. Gelöscht wird nie etwas.
mailbox-trouble-unknown-host = Es gibt keinen Server mit diesem Namen. Prüfen Sie die Schreibweise.
mailbox-trouble-not-allowed = Dieser Server steht in einem privaten Netz oder ist ungeschützt, was hier nicht erlaubt ist. Geben Sie einen an, der aus dem Internet erreichbar ist.
mailbox-trouble-unreachable = An diesem Server und Port antwortet niemand, oder die Verbindung brach ab. Prüfen Sie Name und Port.
mailbox-trouble-tls = Eine geschützte Verbindung war nicht möglich. Versuchen Sie die andere Art von Schutz, und prüfen Sie, ob der Name des Servers in seinem Zertifikat steht.
mailbox-trouble-credentials = Der Server nimmt Name und Passwort nicht an. Manche Anbieter verlangen ein eigenes Passwort für Apps.
mailbox-trouble-folder = Ein Ordner ließ sich nicht öffnen oder anlegen. Prüfen Sie, wie die Ordner geschrieben sind.
mailbox-trouble-no-move = Dieser Server kann keine E-Mails verschieben. Lassen Sie den Ordner für angenommene E-Mails leer.
mailbox-trouble-too-large = Der Server hat mehr gesendet, als hier gelesen wird, und wurde unterbrochen.
mailbox-trouble-later = Das Postfach ließ sich nicht bis zum Ende durchsehen. Es wird noch einmal versucht.
mailbox-trouble-timeout = Der Server hat nicht rechtzeitig geantwortet. Es wird noch einmal versucht.
mailbox-trouble-refused = Der Server hat nicht getan, worum er gebeten wurde. Seine eigenen Worte stehen darunter.
mail-answers = Antworten per E-Mail
mail-answers-text = Auf E-Mails zu Unterhaltungen können Sie antworten. Wenn jemand anderes an eine solche E-Mail gekommen sein kann, beenden Sie die Adressen, an die geantwortet wird; die nächste E-Mail hat eine neue.
mail-answers-end = Diese Adressen beenden
audit-mail-reply-refused = hat eine Antwort per E-Mail abgelehnt
audit-reply-addresses-revoked = hat die Adressen für eigene Antworten per E-Mail beendet
audit-mail-token-issued = hat jemanden an der eigenen E-Mail erkannt
