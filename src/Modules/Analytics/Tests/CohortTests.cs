using Clientele.Platform.Data;

namespace Clientele.Analytics.Tests;

public sealed class CohortTests(CohortTests.Database database) : IClassFixture<CohortTests.Database>
{
    public sealed class Database : AnalyticsDatabase
    {
        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            // January in Paris: four, of whom "none" never did anything. "late" came on 31 January in UTC, 1 February in Paris.
            await Customer("a", "2026-01-05T12:00Z", "premium", country: "France", attributes: """{"plan": "pro"}""", activated: "2026-02-01T12:00Z");
            await Customer("b", "2026-01-20T12:00Z", country: "Spain", attributes: """{"plan": "free"}""");
            await Customer("c", "2026-01-31T12:00Z", country: "France");
            await Customer("none", "2026-01-15T12:00Z");
            await Customer("late", "2026-01-31T23:30Z", country: "France", attributes: """{"plan": "pro"}""");
            await Events("a", "page_view", 2, "2026-01-05T13:00Z", session: "s1");
            await Events("a", "order_completed", 2, "2026-02-28T12:00Z", 100, "s2");
            await Events("a", "page_view", 1, "2026-03-01T12:00Z", session: "s3");
            await Events("a", "page_view", 1, "2026-04-30T21:00Z", session: "s4");
            await Events("b", "order_completed", 1, "2026-03-31T12:00Z", 50);
            await Events("c", "page_view", 1, "2026-02-01T12:00Z");
            await Events("late", "order_completed", 1, "2026-02-10T12:00Z", 30);
            await Events("late", "page_view", 6, "2026-05-02T12:00Z");
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Task<Guid> Cohort(string criteria = "{}", string type = "time_based", string period = "monthly", string field = "first_seen_at", string? success = null, int periods = 12, string? from = null, string? to = null) =>
        database.Db.One<Guid>($"""
            insert into analytics.cohorts (name, cohort_type, time_period, date_field, inclusion_criteria, success_criteria, retention_periods, start_date, end_date)
            values ('cohort', {type}, {period}, {field}, {new Json(criteria)}, {(success is null ? null : new Json(success))}::jsonb, {periods}, {from}::date, {to}::date) returning id
            """, Ct);

    private Task<long> Refresh(Guid cohort, string at = "2026-04-15T12:00Z") => database.Db.One<long>($"select analytics.refresh_cohort({cohort}, {at}::timestamptz)", Ct);

    private Task<List<string>> Retention(Guid cohort) => database.Db.List<string>($"""
        select concat_ws(' ', r.cohort_period, r.analysis_period, r.active_customers || '/' || r.cohort_size, round(r.cumulative_retention_rate, 2), r.period_revenue, r.cumulative_revenue, r.average_revenue_per_user,
                         r.total_orders, r.total_sessions, r.total_events)
        from analytics.cohort_retention_data r where r.cohort_id = {cohort} order by r.cohort_period, r.analysis_period
        """, Ct);

    private Task<List<string>> Members(Guid cohort) => database.Db.List<string>($"""
        select concat_ws(' ', c.customer_id, m.cohort_period) from analytics.cohort_memberships m join customers.customers c on c.id = m.customer_id where m.cohort_id = {cohort} order by 1
        """, Ct);

    [Fact]
    public async Task Defect_023_024_025_026_027_028_041_Months_are_whole_everybody_is_counted_and_quiet_months_are_there()
    {
        var cohort = await Cohort();
        Assert.Equal(5, await Refresh(cohort));
        Assert.Equal(["a 2026-01", "b 2026-01", "c 2026-01", "late 2026-02", "none 2026-01"], await Members(cohort));
        Assert.Equal([
            // Unbroken to February: a and c; to March: a alone (b was not there in February).
            "2026-01 0 4/4 1.00 0.00 0.00 0.00 0 1 2",
            "2026-01 1 2/4 0.50 200.00 200.00 50.00 2 1 3",
            "2026-01 2 2/4 0.25 50.00 250.00 12.50 1 1 2",
            "2026-01 3 0/4 0.00 0.00 250.00 0.00 0 0 0",
            "2026-02 0 1/1 1.00 30.00 30.00 30.00 1 0 1",
            "2026-02 1 0/1 0.00 0.00 30.00 0.00 0 0 0",
            "2026-02 2 0/1 0.00 0.00 30.00 0.00 0 0 0",
        ], await Retention(cohort));
        Assert.Equal("""[{"size": 4, "period": "2026-01", "retention": [1, 0.5, 0.5, 0]}, {"size": 1, "period": "2026-02", "retention": [1, 0, 0]}]""",
            (await database.Db.One<string>($"select c.cohort_periods_data::text from analytics.cohorts c where c.id = {cohort}", Ct)).Replace(".50000000", ".5", StringComparison.Ordinal).Replace(".00000000", "", StringComparison.Ordinal));
        Assert.True(await database.Db.One<bool>($"select c.total_customers = 5 and c.last_calculation_duration > interval '0' and c.last_refreshed_at = '2026-04-15T12:00Z' from analytics.cohorts c where c.id = {cohort}", Ct));

        // A later refresh goes on from there; who joined stays with what they were.
        await database.Db.Run($"update customers.customers set customer_type = 'trial' where customer_id = 'a'", Ct);
        Assert.Equal(5, await Refresh(cohort, "2026-05-20T12:00Z"));
        var later = await Retention(cohort);
        Assert.Equal(9, later.Count);
        Assert.Contains("2026-01 3 1/4 0.25 0.00 250.00 0.00 0 1 1", later);
        Assert.Contains("2026-02 3 1/1 0.00 0.00 30.00 0.00 0 0 6", later);
        Assert.Equal("premium", await database.Db.One<string>($"select m.customer_attributes_snapshot ->> 'customer_type' from analytics.cohort_memberships m join customers.customers c on c.id = m.customer_id where m.cohort_id = {cohort} and c.customer_id = 'a'", Ct));
        await database.Db.Run($"update customers.customers set customer_type = 'premium' where customer_id = 'a'", Ct);

        Assert.Equal(0, await database.Service.One<long>($"select count(*) from analytics.cohort_memberships m where m.organization_id = {database.Beta.OrganizationId}", Ct));
        await AnalyticsDatabase.Refused(() => database.For(database.Beta).One<long>($"select analytics.refresh_cohort({cohort})", Ct), "P0002");
    }

    [Theory]
    [InlineData("""{"customer_type": ["premium"]}""", "a 2026-01")]
    [InlineData("""{"country": ["Spain", "Italy"]}""", "b 2026-01")]
    [InlineData("""{"has_made_purchase": true}""", "a 2026-01,b 2026-01,late 2026-02")]
    [InlineData("""{"has_made_purchase": false}""", "c 2026-01,none 2026-01")]
    [InlineData("""{"min_order_value": 50.00}""", "a 2026-01,b 2026-01")]
    [InlineData("""{"custom_attributes": {"plan": ["pro", "enterprise"]}, "country": ["France"]}""", "a 2026-01,late 2026-02")]
    [InlineData("""{"country": "France", "has_made_purchase": true, "min_order_value": 31}""", "a 2026-01")]
    public async Task Defect_039_Inclusion_criteria_are_what_they_say(string criteria, string expected)
    {
        var cohort = await Cohort(criteria);
        Assert.Equal(expected.Split(',').Length, await Refresh(cohort));
        Assert.Equal(expected.Split(','), await Members(cohort));
    }

    [Fact]
    public async Task Defect_039_Customers_are_placed_by_the_date_named_and_unknown_names_are_refused()
    {
        var firstOrder = await Cohort(field: "first_order_date");
        await Refresh(firstOrder);
        Assert.Equal(["a 2026-02", "b 2026-03", "late 2026-02"], await Members(firstOrder));
        var activated = await Cohort(field: "activated_at");
        await Refresh(activated);
        Assert.Equal(["a 2026-02"], await Members(activated));
        var january = await Cohort(from: "2026-01-15", to: "2026-01-31");
        await Refresh(january);
        Assert.Equal(["b 2026-01", "c 2026-01", "none 2026-01"], await Members(january));

        Assert.Contains("birthday", (await AnalyticsDatabase.Refused(() => Cohort(field: "birthday"), "23514")).MessageText, StringComparison.Ordinal);
        Assert.Contains("shoe", (await AnalyticsDatabase.Refused(() => Cohort("""{"shoe": [1]}"""), "23514")).MessageText, StringComparison.Ordinal);
        Assert.Contains("mood", (await AnalyticsDatabase.Refused(() => Cohort(success: """{"mood": 1}"""), "23514")).MessageText, StringComparison.Ordinal);
        await AnalyticsDatabase.Refused(() => Cohort("""{"min_order_value": "much"}"""), "23514");
        await AnalyticsDatabase.Refused(() => Cohort(success: """{"min_events": "1"}"""), "23514");
        await AnalyticsDatabase.Refused(() => Cohort(periods: 25), "CL003");
        await AnalyticsDatabase.Refused(() => Cohort(from: "2026-02-01", to: "2026-01-01"), "23514");
    }

    [Fact]
    public async Task Retained_is_what_the_success_criteria_say()
    {
        // An order of 60 or more in the first 28 days of the month: a on 28 February, the 28th day.
        var big = await Cohort(success: """{"event_type": "order_completed", "min_events": 2, "min_value": 60, "time_window_days": 28}""");
        await Refresh(big);
        Assert.Equal(["4/4", "1/4", "0/4", "0/4"], (await Retention(big)).Where(r => r.StartsWith("2026-01", StringComparison.Ordinal)).Select(r => r.Split(' ')[2]));
        var early = await Cohort(success: """{"event_type": "order_completed", "time_window_days": 27}""");
        await Refresh(early);
        Assert.Equal(["4/4", "0/4", "0/4", "0/4"], (await Retention(early)).Where(r => r.StartsWith("2026-01", StringComparison.Ordinal)).Select(r => r.Split(' ')[2]));
    }

    [Theory]
    [InlineData("daily", "2026-01-05", "2026-01-05", "2026-01-06")]
    [InlineData("weekly", "2026-W02", "2026-01-05", "2026-01-12")]
    [InlineData("monthly", "2026-01", "2026-01-01", "2026-02-01")]
    [InlineData("quarterly", "2026-Q1", "2026-01-01", "2026-04-01")]
    public async Task Periods_have_names_and_ends(string period, string name, string start, string end)
    {
        var cohort = await Cohort("""{"customer_type": "premium"}""", period: period, periods: 2);
        await Refresh(cohort);
        Assert.Equal($"{name} {start} {end}", await database.Db.One<string>($"""
            select concat_ws(' ', m.cohort_period, m.period_start_date, m.period_end_date) from analytics.cohort_memberships m where m.cohort_id = {cohort}
            """, Ct));
        Assert.Equal(period == "quarterly" ? 2 : 3, (await Retention(cohort)).Count);
    }

    [Theory]
    [InlineData("monthly", "2024-01-31", "2024-02-29", 1)]
    [InlineData("monthly", "2024-01-01", "2024-03-31", 2)]
    [InlineData("monthly", "2023-01-15", "2024-01-15", 12)]
    [InlineData("monthly", "2021-03-01", "2024-01-01", 34)]
    [InlineData("weekly", "2026-01-05", "2026-01-11", 0)]
    [InlineData("weekly", "2025-12-29", "2026-01-05", 1)]
    [InlineData("daily", "2026-03-28", "2026-03-30", 2)]
    [InlineData("quarterly", "2025-11-01", "2026-07-01", 3)]
    public async Task Defect_024_Periods_are_whole_numbers_of_the_calendar(string period, string from, string to, int expected) =>
        Assert.Equal(expected, await database.Db.One<int>($"select analytics.periods_between({period}, {from}::date, {to}::date)", Ct));

    [Fact]
    public async Task Defect_060_Behaviour_places_a_customer_in_several_periods_time_in_one()
    {
        var behaviour = await Cohort("""{"event_type": "page_view"}""", "behavior_based");
        Assert.Equal(2, await Refresh(behaviour));
        Assert.Equal(["a 2026-01", "a 2026-03", "c 2026-02"], await Members(behaviour));
        var often = await Cohort("""{"event_type": "page_view", "min_events": 2}""", "behavior_based");
        await Refresh(often);
        Assert.Equal(["a 2026-01"], await Members(often));

        var custom = await Cohort(type: "custom");
        var a = await database.Db.One<Guid>($"select c.id from customers.customers c where c.customer_id = 'a'", Ct);
        async Task Join(Guid cohort, string period, string start, string end) => await database.Db.Run($"""
            insert into analytics.cohort_memberships (cohort_id, customer_id, cohort_period, period_start_date, period_end_date) values ({cohort}, {a}, {period}, {start}::date, {end}::date)
            """, Ct);
        await Join(custom, "2026-01", "2026-01-01", "2026-02-01");
        await AnalyticsDatabase.Refused(() => Join(custom, "2026-02", "2026-02-01", "2026-03-01"), "23505");
        await AnalyticsDatabase.Refused(() => Join(behaviour, "2026-01", "2026-01-01", "2026-02-01"), "23505");
        await AnalyticsDatabase.Refused(() => Join(behaviour, "2026-06", "2026-06-01", "2026-06-01"), "23514");
        // Memberships written by others are kept, and followed.
        Assert.Equal(1, await Refresh(custom));
        Assert.Equal(4, (await Retention(custom)).Count);
        await AnalyticsDatabase.Refused(() => Cohort("""{"event_type": "page_view"}"""), "23514");
        await AnalyticsDatabase.Refused(() => Cohort("{}", "behavior_based"), "23514");
    }

    [Fact]
    public async Task Eight_refreshes_at_once_give_one_answer_and_due_cohorts_are_found()
    {
        await database.Db.Run($"update analytics.cohorts set auto_refresh = false", Ct);
        var cohort = await Cohort();
        var done = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Refresh(cohort)));
        Assert.Equal(Enumerable.Repeat(5L, 8), done);
        Assert.Equal(7, (await Retention(cohort)).Count);
        Assert.Equal(0, await database.Db.One<int>($"select analytics.refresh_due_cohorts('2026-04-16T11:59Z')", Ct));
        Assert.Equal(1, await database.Db.One<int>($"select analytics.refresh_due_cohorts('2026-04-16T12:00Z')", Ct));
    }
}
