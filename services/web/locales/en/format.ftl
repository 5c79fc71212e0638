month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
mon-1 = Jan
mon-2 = Feb
mon-3 = Mar
mon-4 = Apr
mon-5 = May
mon-6 = Jun
mon-7 = Jul
mon-8 = Aug
mon-9 = Sep
mon-10 = Oct
mon-11 = Nov
mon-12 = Dec
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday
due-today = due today
due-tomorrow = due tomorrow
due-in = { $days ->
    [one] due in { $days } day
   *[other] due in { $days } days
}
due-on = due { $date }
due-overdue = { $days ->
    [one] { $days } day overdue
   *[other] { $days } days overdue
}
due-since-today = overdue since today
ago-now = just now
ago-minutes = { $count ->
    [one] { $count } minute ago
   *[other] { $count } minutes ago
}
ago-today = today, { $time }
ago-yesterday = yesterday, { $time }
day-today = Today
day-yesterday = Yesterday
minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
bytes = { $count ->
    [one] { $count } byte
   *[other] { $count } bytes
}
