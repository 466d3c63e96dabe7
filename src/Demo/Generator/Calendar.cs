namespace Clientele.Demo.Generator;

/// <summary>
/// The shop's year in its own time zone: 365 days of which the last is the one of <see cref="End"/> and stops there.
/// Says when people first come (growth, season, weekday, Black Friday) and how much a day pulls those who know the shop.
/// </summary>
internal sealed class Calendar
{
    public const int Days = 365;

    // January to December: a summer dip, the weeks before Christmas.
    private static readonly double[] months = [0.92, 0.90, 0.98, 1.0, 1.02, 0.95, 0.80, 0.70, 1.0, 1.08, 1.28, 1.32];

    // Sunday to Saturday.
    private static readonly double[] weekdays = [1.08, 1.06, 1.04, 1.0, 0.97, 0.90, 0.84];

    // Midnight to midnight: lunch, and the evening on the sofa.
    private static readonly double[] hours = [0.9, 0.4, 0.25, 0.2, 0.2, 0.35, 0.9, 2.0, 3.2, 4.2, 4.9, 5.3, 5.9, 5.6, 4.9, 4.7, 4.8, 5.0, 5.4, 6.1, 7.2, 7.0, 4.8, 2.4];

    private readonly DateTime[] dates = new DateTime[Days];
    private readonly DateTimeOffset[] midnights = new DateTimeOffset[Days];
    private readonly double[] pull = new double[Days];
    private readonly Weighted<int> arrivals;
    private readonly double[] hoursUpTo = new double[25];

    public Calendar(DateTimeOffset end)
    {
        End = end.ToUniversalTime();
        var zone = TimeZoneInfo.FindSystemTimeZoneById(DemoShop.TimeZone);
        var today = TimeZoneInfo.ConvertTime(End, zone).Date;
        for (var hour = 0; hour < 24; hour++) hoursUpTo[hour + 1] = hoursUpTo[hour] + hours[hour];
        for (var day = 0; day < Days; day++)
        {
            dates[day] = today.AddDays(day - Days + 1);
            midnights[day] = new DateTimeOffset(dates[day], zone.GetUtcOffset(dates[day])).ToUniversalTime();
            pull[day] = months[dates[day].Month - 1] * weekdays[(int)dates[day].DayOfWeek] * Sales(dates[day]);
        }
        pull[^1] *= HoursUntil((End - midnights[^1]).TotalHours) / hoursUpTo[24];
        // The shop ends its year with three times the newcomers it began with.
        arrivals = new Weighted<int>(Enumerable.Range(0, Days), day => pull[day] * (0.5 + day / (double)Days));
        Start = midnights[0];
    }

    public DateTimeOffset Start { get; }
    public DateTimeOffset End { get; }

    public int Month(int day) => dates[day].Month;

    public DateTime Date(int day) => dates[day];

    /// <summary>From the Monday before Black Friday to the Monday after it.</summary>
    public bool IsBlackFridayWeek(int day) => Sales(dates[day]) > 1;

    /// <summary>The day somebody finds the shop.</summary>
    public int FirstDay(Dice dice) => arrivals.At(dice.Share());

    /// <summary>The day of the next visit; <see cref="Days"/> or more: not in this year.</summary>
    public int NextDay(Dice dice, int day, double meanGap)
    {
        day += 1 + (int)dice.Wait(meanGap);
        // A day that pulls less is passed over more often.
        while (day < Days && !dice.Chance(pull[day] * 0.6)) day += 1 + dice.Below(4);
        return day;
    }

    /// <summary>A moment of the day, by the hours' habit.</summary>
    public DateTimeOffset Moment(Dice dice, int day)
    {
        var most = day == Days - 1 ? HoursUntil((End - midnights[day]).TotalHours) : hoursUpTo[24];
        var at = dice.Share() * most;
        var hour = 0;
        while (hour < 23 && hoursUpTo[hour + 1] <= at) hour++;
        var into = (at - hoursUpTo[hour]) / hours[hour];
        return midnights[day].AddMilliseconds(Math.Floor((hour + into) * 3_600_000));
    }

    private double HoursUntil(double hour)
    {
        var whole = Math.Clamp((int)hour, 0, 23);
        return hoursUpTo[whole] + hours[whole] * Math.Clamp(hour - whole, 0, 1);
    }

    private static double Sales(DateTime date)
    {
        var firstOfNovember = new DateTime(date.Year, 11, 1, 0, 0, 0, DateTimeKind.Unspecified);
        var thanksgiving = firstOfNovember.AddDays((DayOfWeek.Thursday - firstOfNovember.DayOfWeek + 7) % 7 + 21);
        return (date - thanksgiving.AddDays(1)).Days switch
        {
            0 => 3.0,
            3 => 2.4,
            1 or 2 => 1.9,
            >= -4 and < 0 => 1.5,
            _ => 1,
        };
    }
}
