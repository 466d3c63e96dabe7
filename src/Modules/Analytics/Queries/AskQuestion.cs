using System.Text;
using System.Text.Json;
using Clientele.Analytics.Queries.Reference;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;
using Microsoft.AspNetCore.Http;

namespace Clientele.Analytics.Queries;

/// <summary>POST /api/analytics/query and what belongs to a question on its way.</summary>
internal static class AskQuestion
{
    /// <summary>A caller who waits longer than this asks for the answer later.</summary>
    private static readonly TimeSpan longestWait = TimeSpan.FromSeconds(10);

    private sealed record Today(string TimeZone, DateOnly Day);

    public static async Task<IResult> Handle(JsonElement query, string? engine, string? format, bool? later, int? wait, Db db, QuestionDesk desk, CancellationToken ct)
    {
        var question = await Read(db, query, ct);
        if (question.Kind == QuestionKind.Timeline) throw Problem.Invalid("kind", "A timeline is asked for at /api/analytics/query/timeline.");
        var by = engine switch
        {
            null or "timelines" => Engine.Timelines,
            "sql" => Engine.Sql,
            _ => throw Problem.Invalid("engine", "The engine is timelines or sql."),
        };
        if (format is not (null or "json" or "csv")) throw Problem.Invalid("format", "The format is json or csv.");
        if (wait is < 0 or > 10) throw Problem.Invalid("wait", "Wait a number of seconds from 0 to 10.");
        var patience = later == true ? TimeSpan.Zero : wait is { } seconds ? TimeSpan.FromSeconds(seconds) : longestWait;
        var (answer, running) = await desk.Ask(db, question, by, format == "csv" ? longestWait : patience, ct);
        if (running is not null) return Results.Accepted($"/api/analytics/queries/{running.Id}", await running.View());
        if (format != "csv") return Results.Ok(answer);
        return Results.File(Encoding.UTF8.GetBytes("\ufeff" + Csv.Of(question, answer!.Result, answer.Previous)), "text/csv; charset=utf-8", $"{question.Kind.ToString().ToLowerInvariant()}.csv");
    }

    public static Task<RunningView> Look(Guid id, Db db, QuestionDesk desk) => desk.Find(db.Tenant.OrganizationId!.Value, id).View();

    public static async Task<IResult> Cancel(Guid id, Db db, QuestionDesk desk)
    {
        await desk.Find(db.Tenant.OrganizationId!.Value, id).Cancel.CancelAsync();
        return Results.NoContent();
    }

    /// <summary>The question, or a problem that names every field that is wrong.</summary>
    public static async Task<Question> Read(Db db, JsonElement query, CancellationToken ct)
    {
        var today = await db.One<Today>($"""
            select o.time_zone, (now() at time zone o.time_zone)::date as day from platform.organizations o where o.id = platform.organization()
            """, ct);
        var (question, errors) = QuestionReader.Read(query, new Defaults(today.TimeZone, today.Day));
        return question ?? throw Problem.Invalid(errors.ToDictionary(e => e.Key.Length == 0 ? "query" : e.Key, e => e.Value));
    }
}

/// <summary>POST /api/analytics/query/timeline: one person's events from the timelines.</summary>
internal static class AskTimeline
{
    /// <summary>An event, newest first, with the properties that are kept as columns.</summary>
    internal sealed record EventView(string Type, DateTimeOffset OccurredAt, Guid Profile, decimal? Value, IReadOnlyDictionary<string, string> Properties);

    internal sealed record View(IReadOnlyList<EventView> Items);

    public static async Task<View> Handle(JsonElement query, Db db, QuestionDesk desk, CancellationToken ct)
    {
        var question = await AskQuestion.Read(db, query, ct);
        if (question.Kind != QuestionKind.Timeline) throw Problem.Invalid("kind", "Here a timeline is asked for: {\"kind\": \"timeline\", \"customer\": id}.");
        var events = desk.Store(db.Tenant.OrganizationId!.Value).Timeline(question);
        return new View([.. events.Select(e => new EventView(
            e.Type, DateTimeOffset.UnixEpoch.AddMicroseconds(e.Micros), e.Profile, e.Value, e.Properties.DistinctBy(p => p.Key).ToDictionary(p => p.Key, p => p.Value)))]);
    }
}

/// <summary>POST /api/analytics/query/customers: who is behind a number.</summary>
internal static class AskWho
{
    private const int Most = 200;

    /// <summary>Which number: see docs/guides/analytics.md.</summary>
    /// <param name="Line">Trends: the line.</param>
    /// <param name="Period">Trends, lifecycle: the period, −1 for the whole time; retention: after how many, −1 for the whole cohort; stickiness: in how many.</param>
    /// <param name="Step">Funnels, paths: the step, from 0.</param>
    /// <param name="Cohort">Retention: the cohort, from 0.</param>
    /// <param name="Status">Lifecycle: new, returning, resurrected or dormant.</param>
    /// <param name="Dropped">Funnels: those who came to the step and no further.</param>
    /// <param name="Group">The group's values; paths: from and to, or the stop alone.</param>
    internal sealed record Pick(int Line = 0, int Period = -1, int Step = 0, int Cohort = 0, string? Status = null, bool Dropped = false, string?[]? Group = null);

    internal sealed record Request(JsonElement Query, Pick? Pick, int? Skip, int? Limit);

    internal sealed record Person(Guid Id, string? Name, string? CustomerId, string? Email);

    internal sealed record View(long Total, IReadOnlyList<Person> Items);

    public static async Task<View> Handle(Request request, Db db, QuestionDesk desk, CancellationToken ct)
    {
        var question = await AskQuestion.Read(db, request.Query, ct);
        if (question.Kind == QuestionKind.Timeline) throw Problem.Invalid("query.kind", "A timeline is about one customer already.");
        var (skip, limit) = (request.Skip ?? 0, request.Limit ?? 50);
        if (skip < 0) throw Problem.Invalid("skip", "Skip nobody, or a number of customers.");
        if (limit is < 1 or > Most) throw Problem.Invalid("limit", "The limit is a number from 1 to 200.");
        try
        {
            var ids = desk.Store(db.Tenant.OrganizationId!.Value).Who(question, PickOf(question, request.Pick ?? new Pick()), skip, limit, out var total, ct);
            var wanted = ids.ToArray();
            var names = (await db.List<Person>($"select n.id, n.name, n.customer_id, n.email from customers.names({wanted}) n", ct)).ToDictionary(n => n.Id);
            return new View(total, [.. ids.Select(id => names.GetValueOrDefault(id) ?? new Person(id, null, null, null))]);
        }
        catch (TooManyCellsException)
        {
            throw QuestionDesk.TooManyCells();
        }
        catch (NoColumnException e)
        {
            throw new Problem(422, "not_a_column", $"{e.Message} Who is behind such a number cannot be listed: leave that property out.");
        }
    }

    private static CellPick PickOf(Question q, Pick pick)
    {
        var (first, second) = (pick.Group?.ElementAtOrDefault(0), pick.Group?.ElementAtOrDefault(1));
        if (q.Kind == QuestionKind.Trend && (pick.Line < 0 || pick.Line >= q.Series.Count)) throw Problem.Invalid("pick.line", "The question has no such line.");
        if (q.Kind == QuestionKind.Funnel && (pick.Step < 0 || pick.Step >= q.Steps.Count)) throw Problem.Invalid("pick.step", "The funnel has no such step.");
        if (q.Kind != QuestionKind.Paths && (pick.Group?.Length ?? 0) != q.Breakdown.Count) throw Problem.Invalid("pick.group", "Name a value for each part of the breakdown; null where it is missing.");
        if (q.Kind == QuestionKind.Paths && (pick.Group is not { Length: 1 or 2 } || pick.Step < 0 || pick.Step > q.Depth)) throw Problem.Invalid("pick.group", "Name from and to (null: the path ended), or one stop alone, and its step from 0.");
        var status = Array.IndexOf(["new", "returning", "resurrected", "dormant"], pick.Status);
        if (q.Kind == QuestionKind.Lifecycle && status < 0) throw Problem.Invalid("pick.status", "The status is new, returning, resurrected or dormant.");
        var key = q.Kind switch
        {
            QuestionKind.Trend => new CellKey(pick.Line, pick.Period, 0, first, second),
            QuestionKind.Funnel => new CellKey(0, pick.Step, 0, first, second),
            QuestionKind.Retention => new CellKey(0, pick.Cohort, pick.Period, first, second),
            QuestionKind.Lifecycle => new CellKey(0, pick.Period, status),
            QuestionKind.Stickiness => new CellKey(0, pick.Period, 0),
            _ => new CellKey(0, pick.Step, pick.Group?.Length == 1 ? 1 : 0, first, second),
        };
        return new CellPick(key, pick.Dropped);
    }
}

/// <summary>POST /api/analytics/query/sql: the reference, to read and to run by hand.</summary>
internal static class ShowSql
{
    internal sealed record View(IReadOnlyList<string> Statements);

    public static async Task<View> Handle(JsonElement query, Db db, CancellationToken ct)
    {
        var question = await AskQuestion.Read(db, query, ct);
        return new View([.. ReferenceSql.Of(question).Select(s => s.ToReadable())]);
    }
}

/// <summary>GET /api/analytics/timelines: how this node's timelines are, and what the organization's take up.</summary>
internal static class GetTimelines
{
    internal sealed record View(string State, double Progress, double LagSeconds, string? Problem, StoreSize? Size);

    public static View Handle(Db db, Following.TimelinesNode node)
    {
        var status = node.Status;
        return new View(status.State, status.Progress, status.LagSeconds, status.Problem, node.Find(db.Tenant.OrganizationId!.Value)?.Size);
    }
}
