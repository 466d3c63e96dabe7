using Clientele.Platform.Data;
using Clientele.Testing;

namespace Clientele.Analytics.Tests;

public sealed class FigureTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Defect_095_A_figure_of_a_day_is_there_once_with_dimensions_or_without()
    {
        async Task<long> Metric(Db db, decimal value, string? dimensions = null, decimal? previous = null) => dimensions is null
            ? await db.Run($"insert into analytics.business_metrics (metric_date, metric_type, metric_value, previous_period_value) values ('2026-03-01', 'revenue', {value}, {previous})", Ct)
            : await db.Run($"insert into analytics.business_metrics (metric_date, metric_type, metric_value, dimensions) values ('2026-03-01', 'revenue', {value}, {new Json(dimensions)})", Ct);
        await Metric(database.Db, 20001, previous: 1);
        await AnalyticsDatabase.Refused(() => Metric(database.Db, 2), "23505");
        await Metric(database.Db, 3, """{"region": "Dakar", "age_group": "18-25"}""");
        await AnalyticsDatabase.Refused(() => Metric(database.Db, 4, """{"age_group": "18-25", "region": "Dakar"}"""), "23505");
        await Metric(database.For(database.Beta), 5);
        // Defect 100: growth of twenty thousand times fits.
        Assert.Equal(20000m, await database.Db.One<decimal>($"select m.period_over_period_change from analytics.business_metrics m where m.previous_period_value = 1", Ct));
        Assert.Null(await database.Db.One<decimal?>($"select m.period_over_period_change from analytics.business_metrics m where m.metric_value = 3", Ct));
        await AnalyticsDatabase.Refused(() => Metric(database.Db, 1, "{\"x\": \"" + new string('x', 3000) + "\"}"), "23514");
        await AnalyticsDatabase.Refused(() => database.Db.Run($"update analytics.business_metrics set dimensions = null where metric_value = 3", Ct), "23502");
        Assert.Equal(0, await database.Db.Run($"insert into wolo.business_metrics (metric_date, metric_type, metric_value) values ('2026-03-01', 'revenue', 7) on conflict do nothing", Ct));
    }

    [Fact]
    public async Task Defect_095_A_step_of_a_funnel_is_there_once_and_its_rate_is_worked_out()
    {
        async Task<long> Step(Db db, long entered, long completed, string filters = "{}", string end = "2026-03-31") => await db.Run($"""
            insert into analytics.funnel_analytics (funnel_name, step_number, step_name, period_start, period_end, users_entered, users_completed, segment_filters)
            values ('pot_creation', 1, 'open', '2026-03-01', {end}::date, {entered}, {completed}, {new Json(filters)})
            """, Ct);
        await Step(database.Db, 3, 1);
        await AnalyticsDatabase.Refused(() => Step(database.Db, 4, 1), "23505");
        await Step(database.Db, 0, 0, """{"region": "Dakar"}""");
        await AnalyticsDatabase.Refused(() => Step(database.Db, 0, 0, """{"region": "Dakar"}"""), "23505");
        await Step(database.For(database.Beta), 9, 9);
        Assert.Equal([0.33333333m, null], await database.Db.List<decimal?>($"select f.completion_rate::numeric from analytics.funnel_analytics f order by f.users_entered desc", Ct));
        await AnalyticsDatabase.Refused(() => Step(database.Db, 1, 2, """{"region": "Thiès"}"""), "23514");
        await AnalyticsDatabase.Refused(() => Step(database.Db, 1, 1, """{"region": "Thiès"}""", "2026-02-01"), "23514");
    }

    [Fact]
    public async Task A_goal_ends_reached_missed_or_given_up()
    {
        var goal = await database.Db.One<Guid>($"""
            insert into analytics.metric_goals (metric_name, target_value, time_period, start_date, end_date) values ('revenue', 1000, 'monthly', '2026-03-01', '2026-03-31') returning id
            """, Ct);
        async Task To(string status) => await database.Db.Run($"update analytics.metric_goals set status = {status} where id = {goal}", Ct);
        await To("missed");
        await To("achieved");
        await AnalyticsDatabase.Refused(() => To("active"), "CL001");
        await AnalyticsDatabase.Refused(() => database.Db.Run($"""
            insert into analytics.metric_goals (metric_name, target_value, time_period, start_date, end_date) values ('revenue', 1, 'monthly', '2026-03-31', '2026-03-01')
            """, Ct), "23514");
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from analytics.metric_goals", Ct));
    }

    [Fact]
    public async Task Notes_and_funnels_belong_to_a_workspace()
    {
        var workspace = database.Alpha.WorkspaceId ?? await database.Db.One<Guid>($"select w.id from platform.workspaces w limit 1", Ct);
        Assert.Equal(1, await database.Db.Run($"""
            insert into assistant.chart_annotations (customer_id, chart_type, date, annotation_text, annotation_type) values ({workspace}, 'revenue', '2026-03-01', 'Sale began', 'event')
            """, Ct));
        Assert.Equal(1, await database.Db.Run($"""
            insert into assistant.custom_funnels (customer_id, name, stages) values ({workspace}, 'buying', {new Json("""[{"name": "look"}, {"name": "buy", "duration_threshold": 3600}]""")})
            """, Ct));
        await AnalyticsDatabase.Refused(() => database.Db.Run($"insert into assistant.custom_funnels (customer_id, name, stages) values ({workspace}, 'x', {new Json("""[{"conditions": []}]""")})", Ct), "23514");
        await AnalyticsDatabase.Refused(() => database.For(database.Beta).Run($"""
            insert into assistant.chart_annotations (customer_id, chart_type, date, annotation_text, annotation_type) values ({workspace}, 'revenue', '2026-03-01', 'x', 'event')
            """, Ct), "23503");
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from assistant.chart_annotations", Ct));
    }
}
