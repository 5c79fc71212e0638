# How the firm's mail leaves.
mail-settings = How mail leaves
mail-leaves-own = Mails leave through { $server } as { $address }.
mail-leaves-installation = Mails leave through the mail server of this installation as { $address }.
mail-leaves-mailbox = No mail server is set up: mails stay in the mailbox of this installation. They would come from { $address }.
mail-test = Test
mail-test-text = Sends a mail to { $address } and says what the mail server answered.
mail-test-send = Send myself a test mail
mail-test-taken = The mail server took the mail. Look for it in your inbox, and in the spam folder if it does not come.
mail-test-kept = Nothing was sent: no mail server is set up. The mail lies in the mailbox of this installation.
mail-test-unknown-host = There is no server with this name. Check how it is written.
mail-test-not-allowed = This server is on a private network, which is closed to mail here. Enter a server that can be reached from the internet.
mail-test-unreachable = Nobody answers at this server and port. Check the port: mostly 587 with STARTTLS, or 465 with TLS.
mail-test-tls = A protected connection was not possible. Try the other kind of protection, and check that the name of the server is the one in its certificate.
mail-test-credentials = The server does not accept this name and password. Some providers ask for a password made for apps.
mail-test-sender = The server does not send for this sender address. Enter one that belongs to this mailbox.
mail-test-recipient = The server does not know your own address as a recipient. Check the address in your profile.
mail-test-policy = The server refused the mail by its rules, often because the domain does not name it as a sender. Look at the check of your domain.
mail-test-later = The server asked to come back later. This is normal with some servers; try again in a few minutes.
mail-test-timeout = The server did not answer in time. Check name and port, and try again.
mail-test-refused = The server did not take the mail. Its own words stand below.
mail-domain = Your domain
mail-domain-text = Whether other mail servers believe that your mail is yours depends on three records of your domain.
mail-domain-check = Check the domain and its keys
mail-sender = Sender
mail-from-name = Name
mail-from-name-hint = Empty for the name of the firm.
mail-from-address = Address
mail-from-address-hint = Empty for the sender in the settings of the firm. It should be of a domain that is yours.
mail-inbound = Address for bounces and answers
mail-inbound-hint = A mailbox that takes addresses with a plus sign and hands its mail to this portal or is connected below, such as in@mail.example.com. Without one, bounces go to the sender.
mail-server = Your own mail server
mail-server-text = Leave the name empty to send through the mail server of this installation.
mail-server-host = Server
mail-server-host-hint = Such as smtp.example.com.
mail-server-port = Port
mail-server-port-hint = Mostly 587 with STARTTLS, or 465 with TLS.
mail-security = Protection
mail-security-starttls = STARTTLS
mail-security-tls = TLS from the start
mail-security-none = None (only for a server on this machine)
mail-server-user = User name
mail-server-password = Password
mail-server-password-hint = It is kept encrypted and never shown.
mail-server-password-kept = A password is kept. Leave this empty to go on using it; enter it again if you change the server or the name.
mail-manners = What mails say, and when
mail-hold = Seconds before a notice is mailed
mail-hold-hint = Whoever sees it in the portal within this time gets no mail. 0 to 3600.
mail-hide = Mails say only that there is something new, and nothing about it

# The check of the domain.
mail-check = Check of the mail domain
mail-check-all-right = All is right with { $domain }.
mail-check-some-advice = { $domain } works. { $count ->
    [one] One thing could be better.
   *[other] { $count } things could be better.
}
mail-check-some-wrong = { $count ->
    [one] One thing is wrong with { $domain }.
   *[other] { $count } things are wrong with { $domain }.
}
mail-check-ok = Right
mail-check-advice = Advice
mail-check-wrong = Wrong
mail-check-again = Check again
mail-record-name = Name of the record
mail-record-found = What stands there
mail-record-wanted = What should stand there
mail-record-text = Text (TXT)
mail-check-dns-away = The name servers did not answer.
mail-check-dns-away-do = Try again in a few minutes.
mail-check-spf-ok = The record that says who may send for the domain is there.
mail-check-spf-missing = No record says who may send for the domain.
mail-check-spf-missing-do = Add the record below. If your mail provider names a record of its own, take theirs.
mail-check-spf-twice = There are two such records, so none counts.
mail-check-spf-twice-do = Put them together into one.
mail-check-spf-open = The record lets everybody send for the domain.
mail-check-spf-open-do = Replace it by the one below.
mail-check-spf-too-long = The record asks name servers more than ten times, so it does not count.
mail-check-spf-too-long-do = Take out what is no longer needed.
mail-check-spf-no-end = The record does not say what holds for everybody else.
mail-check-spf-no-end-do = Replace it by the one below.
mail-check-spf-not-aligned = Bounces come back to another domain than the sender's, so this record does not speak for the sender.
mail-check-spf-not-aligned-do = Use an address for bounces in the sender's domain, or rely on the signature (DKIM).
mail-check-dkim-ok = Mails are signed, and the key is published.
mail-check-dkim-missing = Mails are not signed.
mail-check-dkim-missing-do = Make a key below, publish its record, and put it to use.
mail-check-dkim-gone = Mails are signed, but the key is not published. Other servers cannot check the signature.
mail-check-dkim-gone-do = Add the record below.
mail-check-dkim-other = Another key is published under this name.
mail-check-dkim-other-do = Replace the record by the one below.
mail-check-dkim-ready = The key is published and not in use yet.
mail-check-dkim-ready-do = Put it to use below.
mail-check-dkim-pending = A key waits for its record.
mail-check-dkim-pending-do = Add the record below. It may take an hour until it is seen.
mail-check-dkim-retired = A retired key is still published. Its record may go when its last mails have arrived, after a week.
mail-check-dkim-removed = The record of a retired key is gone, as it should be.
mail-check-dmarc-ok = The domain tells others to refuse mail that only pretends to be yours.
mail-check-dmarc-parent = The domain above it tells others to refuse mail that only pretends to be yours.
mail-check-dmarc-none = A policy is there, but it lets mail through that only pretends to be yours.
mail-check-dmarc-none-do = When SPF and DKIM have been right for some weeks, replace it by the one below.
mail-check-dmarc-missing = The domain does not say what to do with mail that only pretends to be yours. Large providers expect such a policy.
mail-check-dmarc-missing-do = Add the record below. It changes nothing at first and sends reports to the sender.
mail-check-dmarc-broken = The policy cannot be understood.
mail-check-dmarc-broken-do = Replace it by the one below.
mail-check-dmarc-twice = There are two policies, so none counts.
mail-check-dmarc-twice-do = Leave only one of them.
mail-check-mx-ok = The domain takes mail.
mail-check-mx-missing = The domain takes no mail: answers get lost, and some servers refuse what comes from it.
mail-check-mx-missing-do = Ask your mail provider for the MX record.
mail-keys = Keys that sign your mail (DKIM)
mail-keys-text = Publish the record of a key at your domain's provider, then put the key to use. To change keys, make a new one and publish it beside the old: the old one signs until the new one is there.
mail-keys-none = There is no key yet.
mail-key-rsa = RSA, 2048 bits: every server can check it
mail-key-ed25519 = Ed25519: a short record, which not every server can check
mail-key-algorithm = Kind of key
mail-key-create = Make a key
mail-key-activate = Put to use
mail-key-retire = Take out of use
mail-key-retire-confirm = Take this key out of use? Mails that it would sign leave unsigned until another is in use.
mail-key-active = Signs
mail-key-pending = Waits for its record
mail-key-retired = Retired

# What one is mailed of.
mail-choices = What you are mailed
mail-choices-text = Everything stands in the portal in any case.
mail-choices-saved = Your choice is saved.
mail-choices-always = Invitations, sign-in links and word about your security are always sent.
mail-kind-task = New tasks
mail-kind-reminder = Reminders
mail-kind-escalation = Delays
mail-kind-meeting = Meetings
mail-kind-message = Messages
mail-kind-notice = Other news
mail-way-now = At once
mail-way-digest = Once a day
mail-way-never = Never
mail-times = When
mail-times-text = Times are those of { $zone }, which you can change in your profile. In quiet hours nothing is mailed that can wait.
mail-quiet-from = Quiet hours begin
mail-quiet-until = Quiet hours end
mail-digest-at = The daily summary comes at

# The address under a mail.
unsubscribe-ask = No more of these mails?
unsubscribe-ask-text = { $firm } will no longer mail you about this: { $kind }. It still stands in the portal.
unsubscribe-confirm = Stop these mails
unsubscribe-off = These mails are switched off
unsubscribe-off-text = You are no longer mailed about this: { $kind }.
unsubscribe-undo = Switch them on again
unsubscribe-undone = The mails are switched on again.
unsubscribe-unknown = This address is not known
unsubscribe-unknown-text = Perhaps it was cut off in the mail. Open it again from there, or sign in and choose what you are mailed.
unsubscribe-choices = Choose everything you are mailed

# What stands in the audit.
audit-mail-settings-changed = changed how mail leaves
audit-mail-domain-checked = had the mail domain checked
audit-dkim-key-created = made a key that signs mail
audit-dkim-key-activated = put a key to use that signs mail
audit-dkim-key-retired = took a key out of use that signs mail
audit-mail-preferences-changed = chose what they are mailed
audit-mail-unsubscribed = switched a kind of mail off or on by the address under a mail
audit-mail-bounced = got a mail back
audit-mail-complained = learned that a mail was reported as spam
audit-mail-address-confirmed = confirmed an address that mail had come back from
audit-mail-intake-opened = made a new secret for incoming mail

# What came back.
bounces = What came back
bounces-text = Bounces and complaints about your mails. An address that does not work gets no more mail until somebody confirms it.
bounces-none = Nothing came back
bounces-none-next = Bounces appear here once an address for them is set up in the settings.
bounces-hard = Undeliverable
bounces-soft = Not this time
bounces-complaint = Reported as spam
bounces-undeliverable = Mail to this address came back. Nothing is sent to it until somebody confirms that it works.
bounces-complained = The reader has reported a mail as spam. Only invitations, sign-in links and word about security are still sent.
bounces-soft-count = { $count ->
    [one] One mail did not arrive at the first attempt.
   *[other] { $count } mails did not arrive for the moment.
}
bounces-confirm = The address works: send mail again
mail-intake = Incoming mail
mail-intake-text = Your mail server hands mail for the address for bounces and answers over by POST, as it is, to { $address }, with the header Authorization: Bearer and the secret.
mail-intake-none = There is no secret yet: the door is closed.
mail-intake-some = There is a secret. A new one closes the door to the old.
mail-intake-make = Make a new secret
mail-intake-made = This is the secret. Copy it now: it is not shown again.
audit-mailbox-connected = connected a mailbox for incoming mail or changed it
audit-mailbox-disconnected = disconnected the mailbox for incoming mail
mailbox-title = Mailbox for incoming mail
mailbox-text = Bounces and answers that come to the address for them can be fetched from a mailbox (IMAP). Mail of other people in it stays as it is.
mailbox-open = Connect a mailbox, or see how it goes
mailbox-stands = How it goes
mailbox-connected = Connected as { $user } at { $server }, folder { $folder }.
mailbox-looked = Last looked through: { $time }.
mailbox-not-looked = It was not looked through yet.
mailbox-next = Next look: { $time }.
mailbox-taken = { $count ->
    [one] One mail was taken in.
   *[other] { $count } mails were taken in.
}
mailbox-waiting = { $count ->
    [one] One mail waits for something that was away, and is fetched again.
   *[other] { $count } mails wait for something that was away, and are fetched again.
}
mailbox-look = Look now
mailbox-disconnect = Disconnect
mailbox-connect = Connect
mailbox-access = Access
mailbox-host-hint = Such as imap.example.com.
mailbox-port-hint = Mostly 993 with TLS from the start, or 143 with STARTTLS.
mailbox-folder = Folder
mailbox-folder-hint = The folder that mail comes to, mostly INBOX.
mailbox-done-folder = Folder for mails that were taken in
mailbox-done-folder-hint = Leave it empty to let them stay and mark them as read. Nothing is ever deleted.
mailbox-trouble-unknown-host = There is no server with this name. Check how it is written.
mailbox-trouble-not-allowed = This server is on a private network or without protection, which is not allowed here. Enter one that can be reached from the internet.
mailbox-trouble-unreachable = Nobody answers at this server and port, or the connection broke off. Check name and port.
mailbox-trouble-tls = A protected connection was not possible. Try the other kind of protection, and check that the name of the server is the one in its certificate.
mailbox-trouble-credentials = The server does not accept this name and password. Some providers ask for a password made for apps.
mailbox-trouble-folder = A folder could not be opened or made. Check how the folders are written.
mailbox-trouble-no-move = This server cannot move mails. Leave the folder for mails that were taken in empty.
mailbox-trouble-too-large = The server sent more than is read here, and was cut off.
mailbox-trouble-later = It could not be looked through to the end. It is tried again.
mailbox-trouble-timeout = The server did not answer in time. It is tried again.
mailbox-trouble-refused = The server did not do what it was asked for. Its own words stand below.
mail-answers = Answers by mail
mail-answers-text = You can answer mails about conversations. If somebody else may have got hold of such a mail, end the addresses that they are answered to; the next mail has a new one.
mail-answers-end = End these addresses
audit-mail-reply-refused = refused an answer by mail
audit-reply-addresses-revoked = ended the addresses for their answers by mail
audit-mail-token-issued = recognised somebody by their mail
