using System.Collections.Concurrent;
using Clientele.Platform.Jobs;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Platform.Tests;

/// <summary>Workers of several nodes over one database: who runs what, and what becomes of a run that is stopped, lost or broken.</summary>
public sealed class JobWorkerTests(JobWorkerTests.Database database) : IClassFixture<JobWorkerTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Row(string Status, string Cause, string? ErrorMessage, string Result, long? ProgressDone, string? ProgressNote);

    private JobWorker Node(Func<JobRun, CancellationToken, Task<object>>? work = null) => new(
        database.Databases, work is null ? [] : [new JobHandler("data_sync", work)], TimeProvider.System, NullLogger<JobWorker>.Instance) { Pulse = TimeSpan.FromMilliseconds(30) };

    // Tests of this class run one after the other; nothing but the jobs named is due.
    private async Task<Guid[]> Due(string name, int each = 1, string more = "", bool enabled = true)
    {
        await database.Service.Run($"update platform.scheduled_jobs j set next_run_at = now() + interval '1 day' where j.is_enabled and j.leased_until is null", Ct);
        var ids = new List<Guid>();
        foreach (var tenant in new[] { database.Alpha, database.Beta })
            ids.AddRange(await database.For(tenant).List<Guid>($"""
                insert into platform.scheduled_jobs (job_name, job_type, cron_expression, is_enabled, missed_runs)
                select {name} || n, 'data_sync', '0 0 1 1 *', {enabled}, case when {more} = 'skip' then 'skip' else 'run_once' end from generate_series(1, {each}) n returning id
                """, Ct));
        var due = ids.ToArray();
        if (enabled) await database.Service.Run($"update platform.scheduled_jobs j set next_run_at = now() - interval '10 minutes' where j.id = any({due})", Ct);
        return due;
    }

    private async Task<List<Row>> Runs(params Guid[] jobs) => await database.Service.List<Row>($"""
        select r.status, r.cause, r.error_message, r.result::text as result, r.progress_done, r.progress_note from platform.job_runs r where r.job_id = any({jobs}) order by r.started_at
        """, Ct);

    private static async Task Until(Func<Task<bool>> come)
    {
        for (var patience = 0; patience < 1000; patience++)
        {
            if (await come()) return;
            await Task.Delay(10, Ct);
        }
        throw new TimeoutException("It did not come.");
    }

    [Fact]
    public async Task Two_nodes_run_each_job_once_for_its_own_organization_and_never_two_runs_of_one_at_once()
    {
        var jobs = await Due("shared", each: 8);
        var (ran, now) = (new ConcurrentBag<Guid>(), new ConcurrentDictionary<Guid, byte>());
        async Task<object> Work(JobRun run, CancellationToken ct)
        {
            var job = await run.Db.One<Guid>($"select r.job_id from platform.job_runs r where r.id = {run.Id}", ct);
            Assert.True(now.TryAdd(job, 0));
            ran.Add(job);
            await Task.Delay(5, ct);
            now.TryRemove(job, out _);
            return new { organization = await run.Db.One<Guid>($"select platform.organization()", ct) };
        }
        await Task.WhenAll(Enumerable.Range(0, 2).SelectMany(_ => { var node = Node(Work); return new[] { All(node), All(node) }; }));
        Assert.Equal(jobs.Order(), ran.Order());
        Assert.Equal(8, (await Runs(jobs)).Count(r => r.Status == "success" && r.Result.Contains(database.Beta.OrganizationId.ToString()!, StringComparison.Ordinal)));

        static async Task All(JobWorker node) { while (await node.RunNext(Ct)) { } }
    }

    [Fact]
    public async Task A_run_tells_how_far_it_is_and_stops_when_a_person_wants_it_to()
    {
        var jobs = await Due("stopped");
        var begun = new TaskCompletionSource();
        var node = Node(async (run, ct) =>
        {
            run.Log("began");
            run.Progress(3, 10, "the third");
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return new { };
        });
        await database.Service.Run($"update platform.scheduled_jobs j set next_run_at = now() + interval '1 day' where j.id = {jobs[1]}", Ct);
        var working = node.RunNext(Ct);
        await begun.Task;
        await Until(async () => (await Runs(jobs[0])) is [{ ProgressDone: 3, ProgressNote: "the third" }]);
        var run = await database.Service.One<Guid>($"select r.id from platform.job_runs r where r.job_id = {jobs[0]}", Ct);
        var admin = database.For(database.Alpha with { Access = Access.Admin });
        await Expect.Refused(Expect.WrongState, () => admin.Run($"select platform.run_job({jobs[0]})", Ct));
        // Of another organization, and without the right.
        await Expect.Refused("P0002", () => database.For(database.Beta with { Access = Access.Admin }).Run($"select platform.cancel_run({run})", Ct));
        await Expect.Refused("P0002", () => database.For(database.Alpha with { Access = Access.Member }).Run($"select platform.cancel_run({run})", Ct));
        await admin.Run($"select platform.cancel_run({run})", Ct);
        Assert.True(await working);
        var stopped = Assert.Single(await Runs(jobs[0]));
        Assert.Equal(("cancelled", "It was cancelled by a person."), (stopped.Status, stopped.ErrorMessage));
        Assert.Equal(["info began", "error It was cancelled by a person."], await admin.List<string>($"select l.level || ' ' || l.message from platform.job_logs l where l.run_id = {run} order by l.line", Ct));
        Assert.Empty(await database.For(database.Beta with { Access = Access.Admin }).List<string>($"select l.message from platform.job_logs l where l.run_id = {run}", Ct));
        await Expect.Refused(Expect.WrongState, () => admin.Run($"select platform.cancel_run({run})", Ct));
    }

    [Fact]
    public async Task A_worker_that_lost_its_lease_is_stopped_and_finishes_nothing()
    {
        var jobs = await Due("lost");
        await database.Service.Run($"update platform.scheduled_jobs j set next_run_at = now() + interval '1 day' where j.id = {jobs[1]}", Ct);
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        var silent = new JobWorker(database.Databases, [new JobHandler("data_sync", async (run, ct) =>
        {
            begun.TrySetResult();
            try { await Task.Delay(Timeout.Infinite, ct); } finally { ended.TrySetResult(); }
            return new { };
        })], TimeProvider.System, NullLogger<JobWorker>.Instance) { Pulse = TimeSpan.FromMilliseconds(400) };
        var working = silent.RunNext(Ct);
        await begun.Task;
        // As if its node had stood still for a minute: the other one takes over before it is heard again.
        await database.Service.Run($"update platform.scheduled_jobs j set leased_until = now() - interval '1 second' where j.id = {jobs[0]}", Ct);
        Assert.False(await Node((_, _) => Task.FromResult<object>(new { })).RunNext(Ct)); // found lost; due again in a minute
        await ended.Task;
        Assert.True(await working);
        await database.Service.Run($"update platform.scheduled_jobs j set next_run_at = now() where j.id = {jobs[0]}", Ct);
        Assert.True(await Node((_, _) => Task.FromResult<object>(new { by = "the other" })).RunNext(Ct));
        var runs = await Runs(jobs[0]);
        Assert.Equal(["timeout schedule", "success retry"], runs.Select(r => $"{r.Status} {r.Cause}"));
    }

    [Fact]
    public async Task What_breaks_is_told_without_its_words_and_what_nobody_works_on_is_not_tried_again()
    {
        var jobs = await Due("broken");
        var node = Node((_, _) => throw new InvalidOperationException("the password is sesame"));
        while (await node.RunNext(Ct)) { }
        Assert.All(await Runs(jobs), r => Assert.Equal(("failed", "A fault of the server's own (InvalidOperationException); its log says more."), (r.Status, r.ErrorMessage)));
        Assert.Equal(2, await database.Service.One<long>($"select count(*) from platform.scheduled_jobs j where j.id = any({jobs}) and j.retries = 1 and j.next_run_at < now() + interval '2 minutes'", Ct));

        var idle = await Due("nobody");
        while (await Node().RunNext(Ct)) { }
        Assert.All(await Runs(idle), r => Assert.Contains("its module is not here", r.ErrorMessage, StringComparison.Ordinal));
        Assert.Equal(2, await database.Service.One<long>($"select count(*) from platform.scheduled_jobs j where j.id = any({idle}) and j.retries = 0 and j.failed_runs = 1 and j.next_run_at > now() + interval '2 minutes'", Ct));
    }

    [Fact]
    public async Task A_server_that_is_stopped_gives_its_runs_back_to_be_tried_again()
    {
        var jobs = await Due("stopping");
        await database.Service.Run($"update platform.scheduled_jobs j set next_run_at = now() + interval '1 day' where j.id = {jobs[0]}", Ct);
        using var server = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var begun = new TaskCompletionSource();
        var working = Node(async (_, ct) => { begun.TrySetResult(); await Task.Delay(Timeout.Infinite, ct); return new { }; }).RunNext(server.Token);
        await begun.Task;
        await server.CancelAsync();
        Assert.True(await working);
        Assert.Equal(("failed", "The server was stopped."), Assert.Single(await Runs(jobs[1])) is var run ? (run.Status, run.ErrorMessage) : default);
        Assert.True(await database.Service.One<bool>($"select j.retries = 1 and j.leased_until is null and j.next_run_at < now() + interval '2 minutes' from platform.scheduled_jobs j where j.id = {jobs[1]}", Ct));
    }

    [Fact]
    public async Task A_run_that_was_missed_is_made_up_for_once_or_left_out()
    {
        var late = await Due("late");
        var skipping = await Due("skipping", more: "skip");
        await database.Service.Run($"update platform.scheduled_jobs j set next_run_at = now() - interval '3 days' where j.id = any({late})", Ct);
        var node = Node((_, _) => Task.FromResult<object>(new { }));
        while (await node.RunNext(Ct)) { }
        Assert.Equal(["success", "success"], (await Runs(late)).Select(r => r.Status));
        Assert.Equal(["skipped", "skipped"], (await Runs(skipping)).Select(r => r.Status));
        Assert.Equal(2, await database.Service.One<long>($"select count(*) from platform.scheduled_jobs j where j.id = any({skipping}) and j.total_runs = 0 and j.next_run_at > now()", Ct));
        // Asked for by a person, it runs whatever the hour.
        await database.For(database.Alpha with { Access = Access.Admin }).Run($"select platform.run_job({skipping[0]})", Ct);
        while (await node.RunNext(Ct)) { }
        Assert.Equal(["skipped schedule", "success person"], (await Runs(skipping[0])).Select(r => $"{r.Status} {r.Cause}"));
    }

    [Fact]
    public async Task A_job_that_is_one_statement_says_how_many_rows_it_changed_and_old_runs_are_forgotten()
    {
        var jobs = await Due("statement", enabled: false);
        var statement = JobHandler.Of("data_sync", config => $"update platform.workspaces w set name = w.name where {config.GetRawText()} = '{{}}'");
        var node = new JobWorker(database.Databases, [statement], TimeProvider.System, NullLogger<JobWorker>.Instance);
        Assert.False(await node.RunNext(Ct));
        await database.For(database.Beta with { Access = Access.Admin }).Run($"select platform.run_job({jobs[1]})", Ct);
        Assert.True(await node.RunNext(Ct));
        Assert.Equal("""{"rows": 1}""", Assert.Single(await Runs(jobs)).Result);
        Assert.Equal(0, await database.Service.One<long>($"select platform.purge_job_runs('1 hour')", Ct));
        Assert.True(await database.Service.One<long>($"select platform.purge_job_runs('-1 hour')", Ct) > 0);
        Assert.Empty(await Runs(jobs));
    }
}
