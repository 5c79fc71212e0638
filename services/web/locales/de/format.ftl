month-1 = Januar
month-2 = Februar
month-3 = März
month-4 = April
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = August
month-9 = September
month-10 = Oktober
month-11 = November
month-12 = Dezember
mon-1 = Jan.
mon-2 = Feb.
mon-3 = März
mon-4 = Apr.
mon-5 = Mai
mon-6 = Juni
mon-7 = Juli
mon-8 = Aug.
mon-9 = Sept.
mon-10 = Okt.
mon-11 = Nov.
mon-12 = Dez.
weekday-1 = Montag
weekday-2 = Dienstag
weekday-3 = Mittwoch
weekday-4 = Donnerstag
weekday-5 = Freitag
weekday-6 = Samstag
weekday-7 = Sonntag
due-today = heute fällig
due-tomorrow = morgen fällig
due-in = { $days ->
    [one] in { $days } Tag fällig
   *[other] in { $days } Tagen fällig
}
due-on = fällig am { $date }
due-overdue = { $days ->
    [one] { $days } Tag überfällig
   *[other] { $days } Tage überfällig
}
due-since-today = seit heute überfällig
ago-now = gerade eben
ago-minutes = { $count ->
    [one] vor { $count } Minute
   *[other] vor { $count } Minuten
}
ago-today = heute, { $time }
ago-yesterday = gestern, { $time }
day-today = Heute
day-yesterday = Gestern
minutes = { $count ->
    [one] { $count } Minute
   *[other] { $count } Minuten
}
hours = { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
}
bytes = { $count ->
    [one] { $count } Byte
   *[other] { $count } Bytes
}
