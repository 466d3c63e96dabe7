using Clientele.Analytics.Queries.Reference;
using Clientele.Testing;
using Clientele.Timelines.Questions;
using FsCheck;
using FsCheck.Fluent;

namespace Clientele.Analytics.Tests;

/// <summary>What Timelines answer is what the reference in SQL answers, whatever happened and whatever is asked.</summary>
public sealed class EngineTests(EngineTests.Database database) : IClassFixture<EngineTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static readonly QuestionKind[] kinds = [.. Enum.GetValues<QuestionKind>().Where(k => k != QuestionKind.Timeline)];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Both_engines_answer_alike_after_any_history(int seed)
    {
        var random = new Random(seed);
        var folder = Directory.CreateTempSubdirectory("timelines-").FullName;
        var history = new History(database, random, folder);
        try
        {
            await history.Begin(7);
            for (var round = 0; round < 3; round++)
            {
                await history.Go(25);
                if (round == 1) history.Restart();
                await history.CatchUp();
                foreach (var kind in kinds) await Ask(history, random, kind, 6);
                await Timelines(history);
            }
            history.Node.RequestRebuild();
            await history.CatchUp();
            foreach (var kind in kinds) await Ask(history, random, kind, 3);
        }
        finally
        {
            history.Node.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task Ask(History history, Random random, QuestionKind kind, int times)
    {
        var any = new AnyQuestion(random);
        for (var i = 0; i < times; i++)
        {
            var question = any.Of(kind);
            var store = history.Node.Find(database.Alpha.OrganizationId!.Value)!;
            var answered = store.Ask(question, ct: Ct).Cells;
            var expected = await ReferenceSql.Ask(database.Db, question, Ct);
            Assert.True(Same(expected, answered), Difference(question, expected, answered));
            await Who(store, random, question, answered);
        }
    }

    // Behind every number that counts customers are as many customers.
    private static Task Who(Timelines.Store.TimelineStore store, Random random, Question question, Dictionary<CellKey, Cell> cells)
    {
        var counting = cells.Where(c => question.Kind switch
        {
            QuestionKind.Trend => question.Series[c.Key.Line].Measure == Measure.Customers,
            QuestionKind.Funnel => c.Key.B == 0,
            _ => true,
        }).ToList();
        if (counting.Count == 0) return Task.CompletedTask;
        var (key, cell) = counting[random.Next(counting.Count)];
        var who = store.Who(question, new CellPick(key), 0, 100, out var total, Ct);
        Assert.True(cell.Count == total && who.Count == total && who.Distinct().Count() == total, $"{total} customers behind {key} = {cell} of {QuestionReader.Write(question)}");
        return Task.CompletedTask;
    }

    private sealed record TimelineRow(string Type, DateTimeOffset OccurredAt, Guid Profile, decimal? Value);

    private async Task Timelines(History history)
    {
        foreach (var customer in history.Customers)
        {
            var q = new Question { Kind = QuestionKind.Timeline, Customer = customer, From = new(2025, 1, 1), To = new(2026, 12, 31), Limit = 1000 };
            var answered = history.Node.Find(database.Alpha.OrganizationId!.Value)!.Timeline(q)
                .Select(e => new TimelineRow(e.Type, DateTimeOffset.UnixEpoch.AddMicroseconds(e.Micros), e.Profile, e.Value is { } v ? v / 1.00m : null));
            var expected = await database.Db.List<TimelineRow>(ReferenceSql.Timeline(q), Ct);
            static IEnumerable<string> Lines(IEnumerable<TimelineRow> rows) => rows.Select(r => System.FormattableString.Invariant($"{r.OccurredAt:O} {r.Profile} {r.Type} {r.Value:0.00}")).Order(StringComparer.Ordinal);
            Assert.Equal(Lines(expected), Lines(answered));
        }
    }

    private static bool Same(Dictionary<CellKey, Cell> a, Dictionary<CellKey, Cell> b) =>
        a.Count == b.Count && a.All(c => b.TryGetValue(c.Key, out var other) && other.Count == c.Value.Count && other.Amount == c.Value.Amount);

    private static string Difference(Question question, Dictionary<CellKey, Cell> expected, Dictionary<CellKey, Cell> answered) =>
        $"{QuestionReader.Write(question)}\n" + string.Join('\n', expected.Keys.Union(answered.Keys)
            .Where(k => !Equals(expected.GetValueOrDefault(k)?.ToString(), answered.GetValueOrDefault(k)?.ToString()))
            .Take(20).Select(k => $"{k}: SQL {expected.GetValueOrDefault(k)} Timelines {answered.GetValueOrDefault(k)}"));

    [Fact]
    public void Numbers_are_read_as_PostgreSQL_reads_them()
    {
        var texts = Gen.Elements("", "-", "1", "12", "999999999999", "1000000000000", ".", ".5", "0.", "00", "e3", "0000005", "4999999", "x", " ")
            .ArrayOf(4).Select(parts => string.Concat(parts));
        Prop.ForAll(texts.ToArbitrary(), text =>
        {
            var read = Numbers.Read(text);
            var expected = System.Text.RegularExpressions.Regex.IsMatch(text, "^-?[0-9]{1,12}([.][0-9]+)?$") && decimal.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number)
                ? (long)Math.Round(number * Numbers.Scale, MidpointRounding.AwayFromZero) : Numbers.None;
            return read == expected;
        }).QuickCheckThrowOnFailure();
    }
}
