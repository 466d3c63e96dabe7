using System.Collections.Concurrent;
using System.Diagnostics;
using Clientele.Analytics.Queries.Following;
using Clientele.Analytics.Queries.Reference;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;

namespace Clientele.Analytics.Queries;

/// <summary>
/// Where questions are asked: two executors behind one door, a cache in between. Questions that take long go on while the caller looks after them; they
/// live on the node that was asked.
/// </summary>
internal sealed class QuestionDesk(TimelinesNode node, TimeProvider clock)
{
    private const int MostRunning = 20;
    private static readonly TimeSpan kept = TimeSpan.FromMinutes(10);

    private readonly AnswerCache cache = new();
    private readonly ConcurrentDictionary<Guid, Running> running = new();

    /// <summary>What an answer of PostgreSQL may have; tests set it lower.</summary>
    internal StoreSizes Sizes { get; set; } = new();

    /// <summary>A question that goes on.</summary>
    internal sealed class Running(Guid organization, DateTimeOffset began)
    {
        public Guid Id { get; } = Guid.CreateVersion7();
        public Guid Organization { get; } = organization;
        public DateTimeOffset Began { get; } = began;
        public CancellationTokenSource Cancel { get; } = new();
        public double Progress { get; set; }
        public Task<AnswerView> Work { get; set; } = null!;

        public async Task<RunningView> View()
        {
            if (!Work.IsCompleted) return new RunningView(Id, "running", Progress, null);
            if (Work.IsCanceled) return new RunningView(Id, "cancelled", Progress, null);
            return new RunningView(Id, "done", 1, await Work); // one that failed fails here, with its own problem
        }
    }

    /// <summary>Asks, and waits so long for the answer; without one, the question goes on under its id.</summary>
    public async Task<(AnswerView? Answer, Running? Running)> Ask(Db db, Question question, Engine engine, TimeSpan patience, CancellationToken ct)
    {
        var organization = db.Tenant.OrganizationId!.Value;
        Forget();
        if (running.Values.Count(r => r.Organization == organization && !r.Work.IsCompleted) >= MostRunning)
            throw new Problem(429, "too_many_queries", "Twenty questions of your organization are being answered. Wait for one to end, or cancel one.") { RetryAfter = TimeSpan.FromSeconds(5) };
        var asked = new Running(organization, clock.GetUtcNow());
        asked.Work = Task.Run(() => Within(() => Answer(db, question, engine, asked)), CancellationToken.None);
        running[asked.Id] = asked;
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(asked.Work, Task.Delay(patience, clock, leaving.Token));
        await leaving.CancelAsync();
        if (!asked.Work.IsCompleted && !ct.IsCancellationRequested) return (null, asked);
        running.TryRemove(asked.Id, out _);
        // Whoever asked is gone: nobody will come for the answer.
        if (!asked.Work.IsCompleted) await asked.Cancel.CancelAsync();
        return (await asked.Work, null);
    }

    public Running Find(Guid organization, Guid id) =>
        running.TryGetValue(id, out var found) && found.Organization == organization ? found : throw Problem.NotFound("question being answered");

    /// <summary>The store that answers, or a problem that says how far it is.</summary>
    public TimelineStore Store(Guid organization) => node.Find(organization) ?? throw NotBuilt(node.Status);

    private static async Task<AnswerView> Within(Func<Task<AnswerView>> answer)
    {
        try { return await answer(); }
        catch (TooManyCellsException) { throw TooManyCells(); }
    }

    internal static Problem TooManyCells() => new(422, "too_many_cells", "There are too many groups for so many periods: choose a longer interval, a shorter range or fewer groups.");

    private static Problem NotBuilt(TimelinesStatus status) => new(503, "timelines_building", status.State == "building"
        ? System.FormattableString.Invariant($"The timelines are being built from the log, {status.Progress * 100:0} % are done. Ask again shortly, or with engine=sql.")
        : "The timelines are not there yet. Ask again shortly, or with engine=sql.") { RetryAfter = TimeSpan.FromSeconds(2) };

    private async Task<AnswerView> Answer(Db db, Question question, Engine engine, Running asked)
    {
        var watch = Stopwatch.StartNew();
        string? reason = null;
        if (engine == Engine.Timelines)
        {
            var store = Store(asked.Organization);
            try
            {
                var parts = question.Compare ? 2 : 1;
                var (result, cached) = Ask(store, question, asked, p => asked.Progress = p / parts);
                var (previous, _) = question.Compare ? Ask(store, question.Previous(), asked, p => asked.Progress = 0.5 + p / 2) : (null, false);
                return new AnswerView(Engine.Timelines, null, cached, watch.Elapsed.TotalMilliseconds, result!, previous);
            }
            catch (NoColumnException e)
            {
                reason = e.Message;
            }
            catch (ObjectDisposedException)
            {
                // They are being built anew since a moment ago.
                throw NotBuilt(node.Status);
            }
        }
        var cells = await ReferenceSql.Ask(db, question, asked.Cancel.Token, Sizes);
        asked.Progress = 0.5;
        var before = question.Compare ? Answers.Of(question.Previous(), await ReferenceSql.Ask(db, question.Previous(), asked.Cancel.Token, Sizes)) : null;
        return new AnswerView(Engine.Sql, reason, false, watch.Elapsed.TotalMilliseconds, Answers.Of(question, cells), before);
    }

    private (ResultView? Result, bool Cached) Ask(TimelineStore store, Question question, Running asked, Action<double> progress)
    {
        var key = (asked.Organization, QuestionReader.Write(question));
        if (cache.Find(key, store.Id, store.Version) is { } known) return (known, true);
        var answer = store.Ask(question, progress, asked.Cancel.Token);
        var result = Answers.Of(question, answer.Cells);
        cache.Keep(key, store.Id, answer.Version, result);
        return (result, false);
    }

    private void Forget()
    {
        foreach (var (id, asked) in running)
            if (asked.Work.IsCompleted && clock.GetUtcNow() - asked.Began > kept) running.TryRemove(id, out _);
    }
}
