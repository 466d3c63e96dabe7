using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

/// <summary>Scheduled jobs: when they run, that one worker gets each, and what becomes of a run.</summary>
public sealed class JobTests(JobTests.Database database) : IClassFixture<JobTests.Database>
{
    public sealed class Database : TestDatabase;

    private static readonly string[] defaults = ["daily_customer_metrics", "daily_engagement_scores", "hourly_segment_refresh", "weekly_cohort_analysis"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Db Alpha => database.Db;

    private Db Beta => database.For(database.Beta);

    // Worked out by hand. 2026-11-20 is a Friday. Paris: +1, in summer +2, from 2026-03-29 01:00Z to 2026-10-25 01:00Z.
    [Theory]
    [InlineData("0 2 * * *", "UTC", "2026-11-20T01:59:59Z", "2026-11-20T02:00:00Z")]
    [InlineData("0 2 * * *", "UTC", "2026-11-20T02:00:00Z", "2026-11-21T02:00:00Z")] // after, not at
    [InlineData("0 * * * *", "UTC", "2026-12-31T23:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("0 3 * * 1", "UTC", "2026-11-20T00:00:00Z", "2026-11-23T03:00:00Z")] // Monday
    [InlineData("0 0 * * 7", "UTC", "2026-11-20T00:00:00Z", "2026-11-22T00:00:00Z")] // 7 is Sunday too
    [InlineData("0 0 * * sun", "UTC", "2026-11-20T00:00:00Z", "2026-11-22T00:00:00Z")]
    [InlineData("*/15 9-17 * * mon-fri", "UTC", "2026-11-20T17:45:00Z", "2026-11-23T09:00:00Z")]
    [InlineData("5,35 */6 * * *", "UTC", "2026-11-20T12:05:00Z", "2026-11-20T12:35:00Z")]
    [InlineData("10-30/10 0 1 jan,jul *", "UTC", "2026-07-01T00:30:00Z", "2027-01-01T00:10:00Z")]
    [InlineData("0 0 31 * *", "UTC", "2026-11-01T00:00:00Z", "2026-12-31T00:00:00Z")] // November has none
    [InlineData("0 0 13 * 5", "UTC", "2026-11-01T00:00:00Z", "2026-11-06T00:00:00Z")] // the 13th or a Friday
    [InlineData("0 0 29 2 *", "UTC", "2026-11-20T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z")] // 2100 is no leap year
    [InlineData("0 9 * * *", "Europe/Paris", "2026-07-01T07:00:00Z", "2026-07-02T07:00:00Z")]
    [InlineData("0 9 * * *", "Africa/Dakar", "2026-07-01T07:00:00Z", "2026-07-01T09:00:00Z")]
    [InlineData("30 2 * * *", "Europe/Paris", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z")] // 02:30 is left out: when the clocks go on
    [InlineData("30 2 * * *", "Europe/Paris", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z")]
    [InlineData("30 2 * * *", "Europe/Paris", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z")] // 02:30 comes twice: the first
    [InlineData("30 2 * * *", "Europe/Paris", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")] // and not the second
    [InlineData("0 * * * *", "Europe/Paris", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z")] // every hour is every hour
    [InlineData("*/30 * * * *", "Australia/Lord_Howe", "2026-10-03T15:00:00Z", "2026-10-03T15:30:00Z")] // clocks there go on by half an hour, 02:00 to 02:30
    [InlineData("30 23 30 12 *", "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-30T10:00:00Z")] // a day that never was
    public async Task Defect_075_The_next_run_is_the_first_moment_its_zone_agrees(string cron, string zone, string after, string next) =>
        Assert.Equal(DateTimeOffset.Parse(next, null), await Beta.One<DateTimeOffset>($"select platform.next_run({cron}, {zone}, {DateTimeOffset.Parse(after, null)})", Ct));

    [Theory]
    [InlineData("every full moon")]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * *")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("* * * * 8")]
    [InlineData("*/0 * * * *")]
    [InlineData("5-1 * * * *")]
    [InlineData("1,,2 * * * *")]
    [InlineData("-1 * * * *")]
    [InlineData("0 0 30 2 *")]
    public async Task Defect_055_What_is_no_schedule_is_refused(string cron)
    {
        foreach (var db in new[] { Alpha, Beta })
            await Expect.Refused(Expect.Check, () => db.Run($"insert into cdp.scheduled_jobs (job_name, job_type, cron_expression) values ('moon', 'data_sync', {cron})", Ct));
        await Expect.Refused(Expect.Check, () => Alpha.One<DateTimeOffset>($"select platform.next_run({cron}, 'UTC', now())", Ct));
    }

    [Fact]
    public async Task Defect_055_A_zone_that_is_not_on_this_earth_is_refused()
    {
        foreach (var db in new[] { Alpha, Beta })
            await Expect.Refused(Expect.Check, () => db.Run($"insert into cdp.scheduled_jobs (job_name, job_type, cron_expression, timezone) values ('mars', 'data_sync', '0 0 * * *', 'Mars/Olympus')", Ct));
        await Expect.Refused(Expect.Check, () => database.Service.Run($"update platform.platform_users set timezone = 'Mars/Olympus'", Ct));
    }

    [Fact]
    public async Task Defect_075_Every_organization_has_the_default_jobs_and_each_knows_when_it_runs()
    {
        foreach (var db in new[] { Alpha, Beta })
        {
            Assert.Equal(defaults, await db.List<string>($"select j.job_name from cdp.scheduled_jobs j where j.job_name = any({defaults}) and j.next_run_at > now() and j.is_enabled order by 1", Ct));
        }
        Assert.Equal("0 3 * * 1", await Beta.One<string>($"select j.cron_expression from cdp.scheduled_jobs j where j.job_name = 'weekly_cohort_analysis'", Ct));
        Assert.Equal("UTC 3600 3", await Beta.One<string>($"select concat_ws(' ', j.timezone, j.timeout_seconds, j.max_retries) from cdp.scheduled_jobs j where j.job_name = 'weekly_cohort_analysis'", Ct));
    }

    [Fact]
    public async Task A_changed_schedule_is_worked_out_anew_and_a_job_switched_off_is_never_due()
    {
        await Alpha.Run($"insert into cdp.scheduled_jobs (job_name, job_type, frequency, timezone) values ('changing', 'data_sync', 'monthly', 'Europe/Paris')", Ct);
        Sql next = $"select j.next_run_at from cdp.scheduled_jobs j where j.job_name = 'changing'";
        Assert.True(await Alpha.One<bool>($"select extract(day from j.next_run_at at time zone 'Europe/Paris') = 1 from cdp.scheduled_jobs j where j.job_name = 'changing'", Ct));
        await Alpha.Run($"update cdp.scheduled_jobs j set frequency = null, cron_expression = '*/5 * * * *' where j.job_name = 'changing'", Ct);
        Assert.InRange(await Alpha.One<DateTimeOffset>(next, Ct) - TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(-5), TimeSpan.FromMinutes(5));
        await Alpha.Run($"update cdp.scheduled_jobs j set is_enabled = false where j.job_name = 'changing'", Ct);
        Assert.Null(await Alpha.One<DateTimeOffset?>(next, Ct));
        await Expect.Refused(Expect.Check, () => Alpha.Run($"update cdp.scheduled_jobs j set cron_expression = null where j.job_name = 'changing'", Ct));
        await Expect.Refused(Expect.Check, () => Alpha.Run($"update cdp.scheduled_jobs j set frequency = 'daily' where j.job_name = 'changing'", Ct));
        await Expect.Refused(Expect.ForeignKey, () => Alpha.Run($"update cdp.scheduled_jobs j set job_type = 'juggling' where j.job_name = 'changing'", Ct));
        await Expect.Refused(Expect.Forbidden, () => Alpha.Run($"update cdp.scheduled_jobs j set total_runs = 7 where j.job_name = 'changing'", Ct));
        Assert.Empty(await Beta.List<Guid>($"select j.id from cdp.scheduled_jobs j where j.job_name = 'changing'", Ct));
    }

    private sealed record Run(Guid OrganizationId, Guid Id, Guid JobId, int Attempt, string Status);

    // Nothing but the jobs named is due.
    private async Task<Guid[]> Due(int count, string name, int retries = 3)
    {
        await database.Service.Run($"update platform.scheduled_jobs j set next_run_at = now() + interval '1 day' where j.is_enabled and j.leased_until is null", Ct);
        var ids = new List<Guid>();
        foreach (var tenant in new[] { database.Alpha, database.Beta })
        {
            ids.AddRange(await database.For(tenant).List<Guid>($"""
                insert into cdp.scheduled_jobs (job_name, job_type, cron_expression, max_retries)
                select {name} || n, 'data_sync', '0 0 1 1 *', {retries} from generate_series(1, {count}) n returning id
                """, Ct));
        }
        var due = ids.ToArray();
        await database.Service.Run($"update platform.scheduled_jobs j set next_run_at = now() - interval '1 minute' where j.id = any({due})", Ct);
        return due;
    }

    private Task<List<Run>> Claim(int most = 1) => database.Service.List<Run>($"select r.organization_id, r.id, r.job_id, r.attempt, r.status from platform.claim_jobs({Guid.CreateVersion7()}, {most}) r", Ct);

    private Task<DateTimeOffset> Finish(Run run, string outcome, string? error = null) =>
        database.Service.One<DateTimeOffset>($"select platform.finish_job({run.OrganizationId}, {run.Id}, {outcome}, {error})", Ct);

    [Fact]
    public async Task Jobs_of_a_closed_organization_rest_until_it_is_reopened()
    {
        var due = await Due(1, "resting");
        await database.Service.Run($"update platform.organizations o set closed_at = now() where o.id = {database.Alpha.OrganizationId}", Ct);
        try
        {
            await database.Service.Run($"update platform.scheduled_jobs j set run_requested_at = now() where j.id = any({due}) and j.organization_id = {database.Alpha.OrganizationId}", Ct);
            Assert.Equal([database.Beta.OrganizationId], (await Claim(10)).Where(r => due.Contains(r.JobId)).Select(r => (Guid?)r.OrganizationId));
            // Nor are its missed times told as such.
            await database.Service.Run($"update platform.scheduled_jobs j set run_requested_at = null, missed_runs = 'skip', next_run_at = now() - interval '1 hour' where j.id = any({due}) and j.leased_until is null", Ct);
            Assert.Empty(await Claim(10));
        }
        finally { await database.Service.Run($"update platform.organizations o set closed_at = null where o.id = {database.Alpha.OrganizationId}", Ct); }
        Assert.Empty(await Claim(10));
        Assert.Equal("skipped", await database.Service.One<string>($"select r.status from platform.job_runs r where r.job_id = any({due}) and r.organization_id = {database.Alpha.OrganizationId}", Ct));
    }

    [Fact]
    public async Task A_run_that_cannot_be_finished_stops_no_other_and_many_failures_are_no_overflow()
    {
        var due = await Due(2, "stuck", retries: 100);
        var claimed = await Claim(100);
        Assert.Equal(due.Order(), claimed.Select(r => r.JobId).Order());
        var broken = claimed[0];
        await database.Service.Run($"update platform.scheduled_jobs j set retries = 60, leased_until = now() - interval '1 second' where j.id = any({due})", Ct);
        await using var superuser = await database.OpenSuperuser();
        await superuser.Run($"alter table platform.job_runs add constraint broken check (id <> '{broken.Id}' or status = 'running') not valid");
        Assert.Empty(await Claim(100));
        Assert.Equal([broken.Id], await database.Service.List<Guid>($"select r.id from platform.job_runs r where r.job_id = any({due}) and r.status = 'running'", Ct));
        Assert.Equal(3, await database.Service.One<long>($"select count(*) from platform.scheduled_jobs j where j.id = any({due}) and j.retries = 61 and j.next_run_at < now() + interval '61 minutes'", Ct));
        await superuser.Run("alter table platform.job_runs drop constraint broken");
        Assert.Empty(await Claim(100));
        Assert.Equal(0, await database.Service.One<long>($"select count(*) from platform.job_runs r where r.job_id = any({due}) and r.status = 'running'", Ct));
    }

    [Fact]
    public async Task A_field_no_calendar_has_is_refused_and_the_schedules_parts_are_not_for_everybody()
    {
        Assert.True(await Alpha.One<bool>($"select platform.cron_field('*', 0, 2000000000) is null and platform.cron_field('*', -2147483648, 2147483647) is null and cardinality(platform.cron_field('*', 0, 366)) = 367", Ct));
        Assert.False(await Alpha.One<bool>($"select platform.is_cron(repeat('*,', 100000) || '* * * * *')", Ct));
        await Expect.Refused(Expect.Forbidden, () => Alpha.List<DateTimeOffset>($"select m from platform.moments('2026-01-01', 'UTC', false) m", Ct));
        foreach (var db in new[] { Alpha, database.Service }) Assert.Equal("0 0 * * 1", await db.One<string>($"select '0 0 * * 1'::platform.cron", Ct));
    }

    // One test, since what is due is due for every claimant of this database.
    [Fact]
    public async Task Defect_075_Each_due_job_goes_to_one_of_eight_workers_and_its_run_is_kept()
    {
        var due = await Due(10, "race");
        var claimed = (await Expect.AtOnce(8, async _ =>
        {
            var mine = new List<Run>();
            while (await Claim(3) is { Count: > 0 } some) mine.AddRange(some);
            return mine;
        })).SelectMany(o => o.Value ?? throw new InvalidOperationException(o.Refusal)).ToList();
        Assert.Equal(due.Order(), claimed.Select(r => r.JobId).Order());
        Assert.Empty(await Claim(100));

        // Success: next time on schedule, statistics kept.
        var run = claimed[0];
        Assert.Equal(1, (await Finish(run, "success")).Month);
        await Expect.Refused(Expect.WrongState, () => Finish(run, "success"));
        Assert.Equal("1 1 0 success", await database.For(Tenant.System(run.OrganizationId)).One<string>($"""
            select concat_ws(' ', j.total_runs, j.successful_runs, j.failed_runs, j.last_run_status) from cdp.scheduled_jobs j where j.id = {run.JobId} and j.average_duration is not null
            """, Ct));

        // The lease ran out: over, and tried again a minute later by somebody else.
        var lost = claimed[1];
        await database.Service.Run($"update platform.scheduled_jobs j set leased_until = now() - interval '1 second' where j.id = {lost.JobId}", Ct);
        Assert.Empty(await Claim(100));
        Assert.Equal("timeout", await database.Service.One<string>($"select r.status from platform.job_runs r where r.id = {lost.Id}", Ct));
        await database.Service.Run($"update platform.scheduled_jobs j set next_run_at = now() where j.id = {lost.JobId} and j.next_run_at <= now() + interval '1 minute'", Ct);
        Assert.Equal(2, Assert.Single(await Claim(100)).Attempt);
        await Expect.Refused(Expect.WrongState, () => Finish(lost, "success"));

        foreach (var rest in claimed.Skip(2)) await Finish(rest, "cancelled");
        await Expect.Refused(Expect.Forbidden, () => Alpha.List<Guid>($"select r.id from platform.claim_jobs({Guid.CreateVersion7()}) r", Ct));

        // Failures: retried after 1, 2 minutes, then left until its time comes.
        await Due(1, "failing", retries: 2);
        var failing = await Claim(2);
        Assert.Equal(2, failing.Count);
        var job = failing[0].JobId;
        foreach (var (attempt, minutes) in new[] { (1, 1), (2, 2), (3, -1) })
        {
            var now = attempt == 1 ? failing[0] : Assert.Single(await Claim(2));
            Assert.Equal((job, attempt), (now.JobId, now.Attempt));
            var next = await Finish(now, "failed", "no answer") - TimeProvider.System.GetUtcNow();
            if (minutes > 0) Assert.InRange(next, TimeSpan.FromMinutes(minutes - 0.5), TimeSpan.FromMinutes(minutes + 0.1));
            else Assert.True(next > TimeSpan.FromHours(1) || TimeProvider.System.GetUtcNow().DayOfYear > 364);
            await database.Service.Run($"update platform.scheduled_jobs j set next_run_at = now() where j.id = {job} and {minutes} > 0", Ct);
        }
        Assert.Equal("3 3 no answer", await database.Service.One<string>($"select concat_ws(' ', j.total_runs, j.failed_runs, j.last_error_message) from platform.scheduled_jobs j where j.id = {job}", Ct));
        Assert.Equal(3, await database.Service.One<long>($"select count(*) from platform.job_runs r where r.job_id = {job} and r.finished_at is not null", Ct));
        await Expect.Refused(Expect.WrongState, () => database.Service.Run($"update platform.job_runs r set status = 'running', finished_at = null where r.job_id = {job}", Ct));
    }
}
