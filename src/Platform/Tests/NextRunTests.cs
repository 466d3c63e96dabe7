using Clientele.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Clientele.Platform.Tests;

/// <summary>When a job runs next, against a clock that walks through every minute.</summary>
public sealed class NextRunTests(NextRunTests.Database database) : IClassFixture<NextRunTests.Database>
{
    public sealed class Database : TestDatabase;

    private sealed record Question(string Cron, string Zone, DateTimeOffset After);

    private static readonly string[] zones = ["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Dakar", "Asia/Kathmandu", "America/Santiago"];

    [Fact]
    [Trait("Runs", "processes")]
    public async Task A_clock_that_walks_through_every_minute_comes_to_the_same_moment()
    {
        var questions = Questions.Sample(120, 20).Where(q => Reference(q) is not null).ToList();
        Assert.True(questions.Count > 60);
        var answers = await database.Db.List<DateTimeOffset>($"""
            select platform.next_run(q.cron, q.zone, q.after)
            from unnest({questions.Select(q => q.Cron).ToArray()}, {questions.Select(q => q.Zone).ToArray()}, {questions.Select(q => q.After).ToArray()}) with ordinality as q (cron, zone, after, n)
            order by q.n
            """, TestContext.Current.CancellationToken);
        Assert.All(questions.Zip(answers), pair => Assert.True(Reference(pair.First) == pair.Second, $"{pair.First}: {Reference(pair.First):o}, and not {pair.Second:o}"));
    }

    // Half of the questions lie within two days of a change of the clocks.
    private static Gen<Question> Questions =>
        from minute in Field(0, 59)
        from hour in Gen.OneOf(Field(0, 23), Field(0, 4))
        from day in Gen.Frequency((4, Gen.Constant("*")), (1, Field(1, 28)))
        from month in Gen.Constant("*")
        from weekday in Gen.Frequency((4, Gen.Constant("*")), (1, Field(0, 7)))
        from zone in Gen.Elements(zones)
        from near in Gen.Elements(true, false)
        from any in Gen.Choose(0, 5 * 365 * 24 * 60)
        from offset in Gen.Choose(-2 * 24 * 60, 60)
        let changes = Changes(zone)
        let start = near && changes.Count > 0 ? changes[any % changes.Count].AddMinutes(offset) : new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(any)
        select new Question($"{minute} {hour} {day} {month} {weekday}", zone, start);

    private static Gen<string> Field(int low, int high) => Gen.Frequency(
        (2, Gen.Constant("*")),
        (3, Gen.Choose(low, high).Select(n => $"{n}")),
        (1, from a in Gen.Choose(low, high) from b in Gen.Choose(low, high) select $"{Math.Min(a, b)}-{Math.Max(a, b)}"),
        (1, from step in Gen.Choose(2, 20) select $"*/{step}"),
        (1, from a in Gen.Choose(low, high) from b in Gen.Choose(low, high) select $"{a},{b}"));

    private static List<DateTimeOffset> Changes(string zone)
    {
        var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var found = new List<DateTimeOffset>();
        for (var at = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero); at.Year < 2029; at = at.AddHours(1))
            if (info.GetUtcOffset(at) != info.GetUtcOffset(at.AddHours(1))) found.Add(at.AddHours(1));
        return found;
    }

    private static DateTimeOffset? Reference(Question q)
    {
        var info = TimeZoneInfo.FindSystemTimeZoneById(q.Zone);
        var fields = q.Cron.Split(' ');
        bool[][] allowed = [Values(fields[0], 0, 59), Values(fields[1], 0, 23), Values(fields[2], 1, 31), Values(fields[3], 1, 12), Values(fields[4], 0, 7)];
        var hourly = fields[1].StartsWith('*');
        var either = !fields[2].StartsWith('*') && !fields[4].StartsWith('*');
        bool Says(DateTime wall)
        {
            var weekday = allowed[4][(int)wall.DayOfWeek] || (wall.DayOfWeek == DayOfWeek.Sunday && allowed[4][7]);
            return allowed[0][wall.Minute] && allowed[1][wall.Hour] && allowed[3][wall.Month]
                && (either ? allowed[2][wall.Day] || weekday : allowed[2][wall.Day] && weekday);
        }
        var at = new DateTimeOffset(q.After.Ticks - q.After.Ticks % TimeSpan.TicksPerMinute, TimeSpan.Zero);
        for (var n = 0; n < 40 * 24 * 60; n++)
        {
            var before = info.GetUtcOffset(at);
            at = at.AddMinutes(1);
            var now = info.GetUtcOffset(at);
            var wall = at.UtcDateTime + now;
            // The clocks go on: what they leave out is now.
            for (var left = at.UtcDateTime + before; left < wall; left = left.AddMinutes(1))
                if (Says(left)) return at;
            // The clocks went back: this minute was here before, within the last hours.
            var second = !hourly && Enumerable.Range(1, 4).Any(h => info.GetUtcOffset(at.AddMinutes(-30 * h)) is var o && at.AddMinutes(-30 * h).UtcDateTime + o == wall);
            if (Says(wall) && !second) return at;
        }
        return null;
    }

    private static bool[] Values(string field, int low, int high)
    {
        var values = new bool[high + 1];
        foreach (var part in field.Split(','))
        {
            var (range, step) = part.Split('/') is [var r, var s] ? (r, int.Parse(s, null)) : (part, 1);
            var (first, last) = range == "*" ? (low, high) : range.Split('-') is [var a, var b] ? (int.Parse(a, null), int.Parse(b, null)) : (int.Parse(range, null), int.Parse(range, null));
            for (var v = first; v <= last; v += step) values[v] = true;
        }
        return values;
    }
}
