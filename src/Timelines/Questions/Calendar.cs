using System.Globalization;

namespace Clientele.Timelines.Questions;

/// <summary>
/// The periods of a question in its zone, as instants: a day begins at the first instant whose local date it is, also where spring leaves
/// midnight out or autumn repeats it.
/// </summary>
public sealed class Calendar
{
    private readonly TimeZoneInfo zone;
    private readonly long[] starts;
    private readonly double perSecond;

    /// <param name="question">Names zone, days and interval.</param>
    /// <param name="before">So many more periods before the first.</param>
    /// <param name="after">So many more after the last.</param>
    public Calendar(Question question, int before = 0, int after = 0)
    {
        zone = TimeZoneInfo.FindSystemTimeZoneById(question.TimeZone);
        Interval = question.Interval;
        (From, To) = (Start(question.From), Start(question.To.AddDays(1)));
        Before = before;
        starts = question.Interval == Interval.Hour ? Hours() : Periods(question, before, after);
        perSecond = (double)Count / (starts[^1] - starts[0]);
    }

    public Interval Interval { get; }

    /// <summary>The first second of the first day, since 1970.</summary>
    public long From { get; }

    /// <summary>The first second after the last day.</summary>
    public long To { get; }

    public int Before { get; }

    /// <summary>How many periods there are.</summary>
    public int Count => starts.Length - 1;

    /// <summary>Begin of each period, and the end of the last.</summary>
    public ReadOnlySpan<long> Starts => starts;

    /// <summary>The local day with which each period begins; empty for hours.</summary>
    public IReadOnlyList<DateOnly> Days { get; private set; } = [];

    /// <summary>In which period a second lies; −1 before all, <see cref="Count"/> after all.</summary>
    public int Find(long second)
    {
        if (second < starts[0]) return -1;
        if (second >= starts[^1]) return Count;
        // Periods are nearly of one length: guess, then step.
        var i = Math.Min((int)((second - starts[0]) * perSecond), Count - 1);
        while (second < starts[i]) i--;
        while (second >= starts[i + 1]) i++;
        return i;
    }

    /// <summary>What to call a period: its first day, or its first minute with the offset.</summary>
    public string Name(int period)
    {
        if (Interval != Interval.Hour) return Days[period].ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(starts[period]), zone).ToString("yyyy-MM-dd'T'HH:mmzzz", CultureInfo.InvariantCulture);
    }

    /// <summary>The first second of a local day.</summary>
    public long Start(DateOnly day)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        if (!zone.IsInvalidTime(midnight) && !zone.IsAmbiguousTime(midnight))
            return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)).ToUnixTimeSeconds();
        // The first second whose local date is this day: dates only grow, so it can be halved out.
        var noon = new DateTimeOffset(midnight, TimeSpan.Zero).ToUnixTimeSeconds();
        var (low, high) = (noon - 26 * 3600, noon + 26 * 3600);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds(middle), zone).DateTime) < day) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>The first day of the period that holds a day.</summary>
    public static DateOnly Floor(DateOnly day, Interval interval) => interval switch
    {
        Interval.Week => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)),
        Interval.Month => new DateOnly(day.Year, day.Month, 1),
        _ => day,
    };

    public static DateOnly Add(DateOnly day, Interval interval, int periods) => interval switch
    {
        Interval.Week => day.AddDays(7 * periods),
        Interval.Month => day.AddMonths(periods),
        _ => day.AddDays(periods),
    };

    private long[] Periods(Question question, int before, int after)
    {
        var days = new List<DateOnly>();
        var first = Floor(question.From, Interval);
        for (var i = -before; ; i++)
        {
            var day = Add(first, Interval, i);
            days.Add(day);
            if (day > question.To && after-- <= 0) break;
        }
        Days = days[..^1];
        return [.. days.Select(Start)];
    }

    private long[] Hours()
    {
        var hours = new List<long>();
        for (var at = From; at < To; at += 3600) hours.Add(at);
        hours.Add(To);
        return [.. hours];
    }
}
