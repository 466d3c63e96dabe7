using System.Text.Json;
using Clientele.Analytics.Queries.Following;
using Clientele.Analytics.Queries.Reference;
using Clientele.Platform.Log;
using Clientele.Testing;
using Clientele.Timelines.Questions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Analytics.Tests;

/// <summary>ClickHouse's own cases of windowFunnel and its modes, asked of both engines.</summary>
public sealed class WindowFunnelTests(WindowFunnelTests.Database database) : IClassFixture<WindowFunnelTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_case_reaches_the_depth_it_should_in_both_engines()
    {
        var path = SharedData.Find("vectors/window-funnel/cases.json");
        Assert.SkipWhen(path is null, "../shared/vectors/window-funnel is not here.");
        var cases = JsonDocument.Parse(await File.ReadAllBytesAsync(path!, Ct)).RootElement.GetProperty("cases").EnumerateArray().ToList();
        var epoch = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var events = new List<NewEvent>();
        for (var i = 0; i < cases.Count; i++)
        {
            var customer = await database.Db.One<Guid>($"insert into customers.customers (customer_id) values ({$"case-{i}"}) returning id", Ct);
            events.AddRange(cases[i].GetProperty("events").EnumerateArray()
                .Select(e => new NewEvent(Type(i, e.GetProperty("e")), epoch.AddSeconds(e.GetProperty("t").GetInt64())) { CustomerId = customer }));
        }
        await database.Db.InTransaction(t => EventLog.Append(t, events, Ct), Ct);
        using var node = new TimelinesNode(database.Databases, new TimelinesOptions(null), TimeProvider.System, NullLogger<TimelinesNode>.Instance);
        for (var patience = 0; patience < 600 && (node.Find(database.Alpha.OrganizationId!.Value)?.Size.Events ?? 0) < events.Count; patience++)
        {
            await node.CatchUp(Ct);
            await Task.Delay(20, Ct);
        }

        var wrong = new List<string>();
        for (var i = 0; i < cases.Count; i++)
        {
            var question = new Question
            {
                Kind = QuestionKind.Funnel, From = new(2026, 1, 1), To = new(2026, 1, 2), WindowSeconds = cases[i].GetProperty("windowSeconds").GetInt64(),
                Steps = [.. cases[i].GetProperty("steps").EnumerateArray().Select(s => new Step { Event = Type(i, s) })],
                Modes = [.. cases[i].GetProperty("modes").EnumerateArray().Select(m => Platform.Data.Words.To<FunnelMode>(m.GetString()!))],
            };
            var (timelines, sql) = (Depth(node.Find(database.Alpha.OrganizationId!.Value)!.Ask(question, ct: Ct).Cells), Depth(await ReferenceSql.Ask(database.Db, question, Ct)));
            var expected = cases[i].GetProperty("expect").GetInt32();
            if (timelines != expected || sql != expected) wrong.Add($"{cases[i].GetProperty("name")}: {expected} expected, Timelines {timelines}, SQL {sql}");
        }
        Assert.True(cases.Count > 40);
        Assert.Empty(wrong);
    }

    private static int Depth(Dictionary<CellKey, Cell> cells) => cells.Keys.Where(k => k.B == 0).Select(k => k.A + 1).DefaultIfEmpty(0).Max();

    private static string Type(int number, JsonElement name) => $"k{number}_{name}";
}
