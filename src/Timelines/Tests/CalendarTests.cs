using Clientele.Timelines.Questions;

namespace Clientele.Timelines.Tests;

/// <summary>Days begin where they begin, also where clocks change at midnight.</summary>
public sealed class CalendarTests
{
    [Theory]
    [InlineData("Europe/Paris", "2026-03-29", "2026-03-28T23:00:00Z", 23)]
    [InlineData("Europe/Paris", "2026-10-25", "2026-10-24T22:00:00Z", 25)]
    [InlineData("America/Havana", "2026-03-08", "2026-03-08T05:00:00Z", 23)] // midnight is left out
    [InlineData("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", 25)] // the first hour comes twice
    [InlineData("Asia/Kolkata", "2026-03-29", "2026-03-28T18:30:00Z", 24)]
    public void A_day_begins_at_its_first_instant_and_has_so_many_hours(string zone, string day, string start, int hours)
    {
        var date = DateOnly.Parse(day, null);
        var calendar = new Calendar(new Question { Kind = QuestionKind.Trend, TimeZone = zone, From = date, To = date, Interval = Interval.Hour });
        Assert.Equal(DateTimeOffset.Parse(start, null).ToUnixTimeSeconds(), calendar.From);
        Assert.Equal(hours, calendar.Count);
    }

    [Fact]
    public void Weeks_begin_on_Monday_and_periods_before_and_after_are_counted()
    {
        var calendar = new Calendar(new Question { Kind = QuestionKind.Retention, From = new(2026, 1, 1), To = new(2026, 1, 14), Interval = Interval.Week }, before: 1, after: 2);
        Assert.Equal(["2025-12-22", "2025-12-29", "2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26"], Enumerable.Range(0, calendar.Count).Select(calendar.Name));
        for (var p = 0; p < calendar.Count; p++)
        {
            Assert.Equal(p, calendar.Find(calendar.Starts[p]));
            Assert.Equal(p, calendar.Find(calendar.Starts[p + 1] - 1));
        }
        Assert.Equal((-1, calendar.Count), (calendar.Find(calendar.Starts[0] - 1), calendar.Find(calendar.Starts[^1])));
    }
}
