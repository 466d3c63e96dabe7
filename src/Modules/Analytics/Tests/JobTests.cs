using Clientele.Platform.Jobs;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Analytics.Tests;

/// <summary>The jobs every organization begins with do real work.</summary>
public sealed class JobTests(JobTests.Database database) : IClassFixture<JobTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private JobWorker Worker(params JobHandler[] more)
    {
        var services = new ServiceCollection();
        new AnalyticsModule().AddServices(services);
        return new JobWorker(database.Databases, [.. services.BuildServiceProvider().GetServices<JobHandler>(), .. more], TimeProvider.System, NullLogger<JobWorker>.Instance);
    }

    private Task<long> MakeDue(string job) =>
        database.Service.Run($"update platform.scheduled_jobs j set next_run_at = case when j.job_name = {job} then now() - interval '1 second' else now() + interval '1 day' end", Ct);

    private Task<string> Last(string job) => database.Db.One<string>($"""
        select r.status || ' ' || r.result || coalesce(' ' || r.error_message, '')
        from platform.job_runs r join platform.scheduled_jobs j on j.organization_id = r.organization_id and j.id = r.job_id
        where j.job_name = {job} order by r.started_at desc limit 1
        """, Ct);

    [Fact]
    public async Task The_four_default_jobs_run_for_each_organization_and_are_due_again()
    {
        var customer = await database.Db.One<Guid>($"insert into customers.customers (customer_id, first_seen_at) values ('c', now() - interval '40 days') returning id", Ct);
        await database.For(database.Beta).Run($"insert into customers.customers (customer_id) values ('theirs')", Ct);
        await database.Db.Run($"select log.append('order_completed', {customer}, occurred_at => (analytics.today() - 1)::timestamp at time zone analytics.zone() + interval '1 hour', event_value => 12.50)", Ct);
        await database.Db.Run($"select log.append('page_view', {customer}, occurred_at => now() - interval '45 days')", Ct);
        var segment = await database.Db.One<Guid>($$"""
            insert into analytics.segments (name, criteria) values ('all', '{"conditions":[{"field":"customer_type","operator":"=","value":"regular"}]}') returning id
            """, Ct);
        await database.Db.Run($"update analytics.segments set next_refresh_at = now() - interval '1 minute' where id = {segment}", Ct);

        foreach (var job in new[] { "daily_customer_metrics", "hourly_segment_refresh", "weekly_cohort_analysis", "daily_engagement_scores" })
        {
            await MakeDue(job);
            while (await Worker().RunNext(Ct)) { }
            Assert.StartsWith("success", await Last(job), StringComparison.Ordinal);
        }
        Assert.Equal("12.5000 1.0000 1.0000", await database.Db.One<string>($"""
            select string_agg(b.metric_value::text, ' ' order by b.metric_type) from analytics.business_metrics b where b.metric_date = analytics.today() - 1
            """, Ct));
        Assert.Equal(1, await database.Db.One<long>($"select count(*) from analytics.segment_memberships m where m.segment_id = {segment} and m.is_active", Ct));
        Assert.True(await database.Db.One<int>($"select c.engagement_score::integer from customers.customers c where c.id = {customer}", Ct) > 0);
        Assert.Equal(4, await database.Db.One<long>($"select count(*) from platform.scheduled_jobs j where j.total_runs = 1 and j.next_run_at > now() and j.job_name in (select d.job_name from platform.job_definitions d)", Ct));
        Assert.Equal(4, await database.For(database.Beta).One<long>($"select count(*) from platform.scheduled_jobs j where j.total_runs = 1", Ct));
    }

    [Fact]
    public async Task A_job_that_fails_says_why_and_one_that_takes_too_long_is_stopped()
    {
        await database.Db.Run($"""insert into platform.scheduled_jobs (job_name, job_type, frequency, job_config) values ('odd', 'metric_calculation', 'daily', jsonb_build_object('metrics', array['happiness']))""", Ct);
        await MakeDue("odd");
        while (await Worker().RunNext(Ct)) { }
        Assert.Contains("There is no metric happiness", await Last("odd"), StringComparison.Ordinal);

        await database.Db.Run($"insert into platform.scheduled_jobs (job_name, job_type, frequency, timeout_seconds) values ('slow', 'data_sync', 'daily', 1)", Ct);
        await MakeDue("slow");
        while (await Worker().RunNext(Ct)) { }
        Assert.Contains("Nothing in this build works on jobs of the type \"data_sync\"", await Last("slow"), StringComparison.Ordinal);

        await MakeDue("slow");
        var slow = new JobHandler("data_sync", async (_, _, ct) => { await Task.Delay(Timeout.Infinite, ct); return new { }; });
        while (await Worker(slow).RunNext(Ct)) { }
        Assert.StartsWith("timeout", await Last("slow"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_chore_of_every_module_runs_on_the_service_role()
    {
        var services = new ServiceCollection().AddLogging();
        foreach (var module in Server.Modules.All) module.AddServices(services);
        var chores = services.Where(s => s.ServiceType == typeof(Chore)).Select(s => (Chore)s.ImplementationInstance!).ToList();
        Assert.True(chores.Count >= 9);
        var runner = new ChoreRunner(database.Databases, chores, TimeProvider.System, NullLogger<ChoreRunner>.Instance);
        Assert.Equal(chores.Count, await runner.RunDue(Ct));
        Assert.Equal(0, await runner.RunDue(Ct)); // none is due again yet
    }
}
