using Clientele.Platform.Data;

namespace Clientele.Analytics.Tests;

public sealed class SegmentTests(SegmentTests.Database database) : IClassFixture<SegmentTests.Database>
{
    public sealed class Database : AnalyticsDatabase
    {
        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            // In Paris Ann came on 1 February, in UTC on 31 January.
            var ann = await Customer("ann", "2026-01-31T23:30Z", "premium", country: "France", attributes: """{"plan": "pro", "seats": 12, "roles": ["buyer", "chef"], "renewal": "2026-03-01", "o'key": {"deep": "x"}}""", tag: "vip");
            var bob = await Customer("bob", "2026-02-10T12:00Z", country: "Spain", attributes: """{"plan": "free", "seats": "3"}""");
            await Customer("cho", "2026-03-01T12:00Z", "enterprise", country: null, tag: "vip");
            await Figures(ann, "2026-03-06T12:00Z", 2, 500, 60);
            await Figures(bob, "2026-02-20T12:00Z");
            await Events("ann", "page_view", 3, "2026-03-06T10:00Z");
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Task<string?> Who(string criteria) => database.Db.One<string?>($"""
        select string_agg(c.customer_id, ' ' order by c.customer_id) from customers.customers c
        where c.id in (select analytics.matching({new Json(criteria)}, '2026-03-10T12:00Z')) and c.customer_id in ('ann', 'bob', 'cho')
        """, Ct);

    private static string If(string condition) => "{\"conditions\": [{" + condition + "}]}";

    [Theory]
    [InlineData(""" "field": "customer_type", "operator": "in", "value": ["premium", "enterprise"], "type": "string_array" """, "ann cho")]
    [InlineData(""" "field": "total_revenue", "operator": ">=", "value": 500.00, "type": "number" """, "ann")]
    [InlineData(""" "field": "total_revenue", "operator": "=", "value": 0 """, "bob cho")]
    [InlineData(""" "field": "lifetime_value", "operator": "between", "value": [440, 440] """, "ann")]
    [InlineData(""" "field": "country", "operator": "=", "value": "France" """, "ann")]
    [InlineData(""" "field": "country", "operator": "!=", "value": "France" """, "bob cho")]
    [InlineData(""" "field": "country", "operator": "not_in", "value": ["France", "Italy"] """, "bob cho")]
    [InlineData(""" "field": "country", "operator": "exists" """, "ann bob")]
    [InlineData(""" "field": "country", "operator": "not_exists" """, "cho")]
    [InlineData(""" "field": "name", "operator": "contains", "value": "OF B" """, "bob")]
    [InlineData(""" "field": "name", "operator": "not_contains", "value": "of b" """, "ann cho")]
    [InlineData(""" "field": "customer_id", "operator": "starts_with", "value": "C" """, "cho")]
    [InlineData(""" "field": "customer_id", "operator": "ends_with", "value": "nn" """, "ann")]
    [InlineData(""" "field": "name", "operator": "contains", "value": "%" """, null)]
    [InlineData(""" "field": "tags", "operator": "contains", "value": "vip" """, "ann cho")]
    [InlineData(""" "field": "tags", "operator": "not_in", "value": ["vip", "new"] """, "bob")]
    [InlineData(""" "field": "tags", "operator": "not_exists" """, "bob")]
    [InlineData(""" "field": "custom_attributes.seats", "operator": ">", "value": 5 """, "ann")]
    [InlineData(""" "field": "custom_attributes.seats", "operator": "between", "value": [3, 12] """, "ann bob")]
    [InlineData(""" "field": "custom_attributes.plan", "operator": "in", "value": ["pro", "enterprise"] """, "ann")]
    [InlineData(""" "field": "custom_attributes.plan", "operator": ">", "value": 1 , "type": "number" """, null)]
    [InlineData(""" "field": "custom_attributes.plan", "operator": "not_exists" """, "cho")]
    [InlineData(""" "field": "custom_attributes.plan", "operator": "exists", "value": false """, "cho")]
    [InlineData(""" "field": "custom_attributes.roles", "operator": "contains", "value": "chef" """, "ann")]
    [InlineData(""" "field": "custom_attributes.roles", "operator": "not_contains", "value": "chef" """, "bob cho")]
    [InlineData(""" "field": "custom_attributes.o'key.deep", "operator": "=", "value": "x" """, "ann")]
    [InlineData(""" "field": "custom_attributes.renewal", "operator": ">=", "value": "2026-02-28", "type": "date" """, "ann")]
    [InlineData(""" "field": "first_seen_at", "operator": "=", "value": "2026-02-01" """, "ann")]
    [InlineData(""" "field": "first_seen_at", "operator": "<", "value": "2026-02-01" """, null)]
    [InlineData(""" "field": "first_seen_at", "operator": "<", "value": "2026-02-01T00:00:00Z" """, "ann")]
    [InlineData(""" "field": "first_seen_at", "operator": "<=", "value": "2026-02-01T00:30:00" """, "ann")]
    [InlineData(""" "field": "first_seen_at", "operator": "between", "value": ["2026-02-01", "2026-02-10"] """, "ann bob")]
    [InlineData(""" "field": "last_seen_at", "operator": "within_days", "value": 14 """, "ann cho")]
    [InlineData(""" "field": "last_seen_at", "operator": "not_within_days", "value": 14 """, "bob")]
    [InlineData(""" "field": "last_order_at", "operator": "not_within_days", "value": 30 """, "ann bob cho")]
    [InlineData(""" "field": "total_events", "operator": "<", "value": 3 """, "bob cho")]
    public async Task A_condition_finds_whom_it_names(string condition, string? expected) => Assert.Equal(expected, await Who(If(condition)));

    [Fact]
    public async Task Defect_013_014_Trees_are_walked_to_any_depth_and_no_condition_means_everybody()
    {
        Assert.Equal("ann bob cho", await Who("{}"));
        Assert.Equal("ann bob cho", await Who("""{"conditions": [], "logic": "OR", "nested_conditions": []}"""));
        Assert.Equal("bob", await Who("""
            {"logic": "AND", "conditions": [{"field": "customer_status", "operator": "=", "value": "active"}], "nested_conditions": [
                {"logic": "OR", "conditions": [{"field": "country", "operator": "=", "value": "Spain"}, {"field": "country", "operator": "=", "value": "France"}], "nested_conditions": []},
                {"logic": "OR", "conditions": [{"field": "customer_type", "operator": "=", "value": "enterprise"}], "nested_conditions": [
                    {"conditions": [{"field": "total_revenue", "operator": "=", "value": 0}, {"field": "first_seen_at", "operator": ">", "value": "2026-02-01"}]}]}]}
            """));
        // Words that end like AND, and an AND that stands in a value.
        Assert.Null(await Who(If(""" "field": "country", "operator": "=", "value": "BRAND AND " """)));
        var deep = string.Concat(Enumerable.Repeat("""{"nested_conditions": [""", 60)) + If(""" "field": "country", "operator": "=", "value": "Spain" """) + string.Concat(Enumerable.Repeat("]}", 60));
        Assert.Equal("bob", await Who(deep));
    }

    [Theory]
    [InlineData(""" "field": "shoe_size", "operator": "=", "value": 1 """, "shoe_size")]
    [InlineData(""" "field": "organization_id", "operator": "exists" """, "organization_id")]
    [InlineData(""" "field": "name; drop table customers.customers", "operator": "exists" """, "name; drop")]
    [InlineData(""" "field": "name.first", "operator": "exists" """, "name.first")]
    [InlineData(""" "field": "custom_attributes", "operator": "exists" """, "custom_attributes.name")]
    [InlineData(""" "field": "name", "operator": "~~", "value": "x" """, "~~")]
    [InlineData(""" "field": "name", "operator": ">= 0 or true --", "value": "x" """, "or true")]
    [InlineData(""" "field": "tags", "operator": "=", "value": "x" """, "\"=\"")]
    [InlineData(""" "field": "total_revenue", "operator": "contains", "value": "1" """, "contains")]
    [InlineData(""" "field": "total_revenue", "operator": ">", "value": "lots" """, "lots")]
    [InlineData(""" "field": "total_revenue", "operator": ">", "value": "NaN" """, "NaN")]
    [InlineData(""" "field": "total_revenue", "operator": "between", "value": [1] """, "between")]
    [InlineData(""" "field": "country", "operator": "in", "value": [] """, "in")]
    [InlineData(""" "field": "country", "operator": "=", "value": null """, "not_exists")]
    [InlineData(""" "field": "first_seen_at", "operator": ">", "value": "2026-02-31" """, "2026-02-31")]
    [InlineData(""" "field": "first_seen_at", "operator": ">", "value": "now" """, "now")]
    [InlineData(""" "field": "country", "operator": "=", "value": "x", "type": "colour" """, "colour")]
    [InlineData(""" "field": "country", "operator": "=", "value": "x", "sql": "true" """, "sql")]
    [InlineData(""" "operator": "=" """, "field")]
    public async Task What_is_unknown_is_refused_by_name(string condition, string named)
    {
        var refused = await AnalyticsDatabase.Refused(() => Who(If(condition)), "23514");
        Assert.Contains(named, refused.MessageText, StringComparison.Ordinal);
        // And at once, not at night.
        await AnalyticsDatabase.Refused(() => Segment("refused", If(condition)), "23514");
    }

    [Theory]
    [InlineData("""{"customer_type": ["premium"]}""", "customer_type")]
    [InlineData("""{"logic": "XOR", "conditions": []}""", "XOR")]
    [InlineData("""{"conditions": ["x"]}""", "condition")]
    [InlineData("""{"conditions": {"field": "country"}}""", "lists")]
    [InlineData("""{"nested_conditions": [{}]}""", "empty")]
    public async Task Trees_of_another_shape_are_refused(string criteria, string named) =>
        Assert.Contains(named, (await AnalyticsDatabase.Refused(() => Who(criteria), "23514")).MessageText, StringComparison.Ordinal);

    [Fact]
    public async Task Values_never_become_sql()
    {
        foreach (var word in new[] { "'; delete from customers.customers; --", "\\'; select 1", "$1 %L %I", "') or true --", "\"" })
        {
            var value = System.Text.Json.JsonSerializer.Serialize(word);
            Assert.Null(await Who(If($""" "field": "country", "operator": "=", "value": {value} """)));
            Assert.Null(await Who(If($""" "field": "custom_attributes.plan", "operator": "contains", "value": {value} """)));
            Assert.Null(await Who(If($""" "field": "custom_attributes.plan", "operator": "in", "value": [{value}] """)));
            Assert.Null(await Who(If($""" "field": "tags", "operator": "in", "value": [{value}] """)));
            Assert.Null(await Who(If(""" "field": "custom_attributes.X", "operator": "exists" """.Replace("X", word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal), StringComparison.Ordinal))));
        }
    }

    private Task<Guid> Segment(string name, string criteria, string type = "dynamic") =>
        database.Db.One<Guid>($"insert into analytics.segments (name, criteria, segment_type) values ({name}, {new Json(criteria)}, {type}) returning id", Ct);

    private Task<long> Refresh(Guid segment, string at = "2026-03-10T12:00Z") => database.Db.One<long>($"select analytics.refresh_segment({segment}, {at}::timestamptz)", Ct);

    private sealed record Statistics(long CustomerCount, long LastCustomerCount, long CustomerCountChange, decimal AverageLtv, decimal AverageOrderValue, decimal AverageEngagementScore, decimal ChurnRate);

    [Fact]
    public async Task Defect_012_015_023_A_refresh_keeps_history_and_fills_every_statistic()
    {
        var one = await database.Customer("life1", attributes: """{"group": "life"}""");
        var two = await database.Customer("life2", status: "churned", attributes: """{"group": "life"}""");
        var three = await database.Customer("life3", attributes: """{"group": "other"}""");
        await database.Figures(one, "2026-03-01T00:00Z", 3, 100, 10);
        await database.Figures(two, "2026-03-01T00:00Z", 1, 20);
        await database.Db.Run($"update customers.customers set engagement_score = 80 where id = {one}", Ct);
        var segment = await Segment("life", If(""" "field": "custom_attributes.group", "operator": "=", "value": "life" """));
        Assert.Equal(2, await Refresh(segment));

        // LTV (90 + 20) / 2; 120 of 4 orders; (80 + 0) / 2; one of two churned.
        var first = await database.Db.One<Statistics>($"select s.* from analytics.segments s where s.id = {segment}", Ct);
        Assert.Equal(new Statistics(2, 0, 2, 55.00m, 30.00m, 40.00m, 0.5m), first);
        var began = await database.Db.One<DateTimeOffset>($"select m.first_qualified_at from analytics.segment_memberships m where m.segment_id = {segment} and m.customer_id = {one}", Ct);

        await database.Db.Run($"""update customers.customers set custom_attributes = '{Sql.Raw("{\"group\": \"none\"}")}' where id = {one}""", Ct);
        await database.Db.Run($"""update customers.customers set custom_attributes = '{Sql.Raw("{\"group\": \"life\"}")}' where id = {three}""", Ct);
        Assert.Equal(2, await Refresh(segment));
        Assert.Equal(["life1|f|f", "life2|t|t", "life3|t|t"], await Members(segment));
        Assert.Equal((2, 2, 0), await Counts(segment));

        await database.Db.Run($"""update customers.customers set custom_attributes = '{Sql.Raw("{\"group\": \"life\"}")}' where id = {one}""", Ct);
        Assert.Equal(3, await Refresh(segment));
        Assert.Equal(["life1|t|t", "life2|t|t", "life3|t|t"], await Members(segment));
        Assert.Equal((3, 2, 1), await Counts(segment));
        Assert.True(await database.Db.One<bool>($"""
            select m.first_qualified_at = {began} and m.added_at > {began} from analytics.segment_memberships m where m.segment_id = {segment} and m.customer_id = {one}
            """, Ct));
        Assert.True(await database.Db.One<bool>($"""
            select s.last_refreshed_at = '2026-03-10T12:00Z' and s.next_refresh_at = '2026-03-11T12:00Z' and s.refresh_duration > interval '0' from analytics.segments s where s.id = {segment}
            """, Ct));
        // Nobody of beta, whose customers have the same attributes.
        Assert.Equal(0, await database.Service.One<long>($"select count(*) from analytics.segment_memberships m where m.organization_id = {database.Beta.OrganizationId}", Ct));
        await AnalyticsDatabase.Refused(() => database.For(database.Beta).One<long>($"select analytics.refresh_segment({segment})", Ct), "P0002");
    }

    private Task<List<string>> Members(Guid segment) => database.Db.List<string>($"""
        select c.customer_id || '|' || left(m.is_active::text, 1) || '|' || left((m.removed_at is null)::text, 1)
        from analytics.segment_memberships m join customers.customers c on c.id = m.customer_id where m.segment_id = {segment} order by 1
        """, Ct);

    private async Task<(long, long, long)> Counts(Guid segment)
    {
        var s = await database.Db.One<Statistics>($"select s.* from analytics.segments s where s.id = {segment}", Ct);
        return (s.CustomerCount, s.LastCustomerCount, s.CustomerCountChange);
    }

    [Fact]
    public async Task Defect_012_Eight_refreshes_at_once_give_one_answer()
    {
        await database.Db.Run($"""
            insert into customers.customers (customer_id, custom_attributes) select 'crowd' || n, jsonb_build_object('crowd', n % 2) from generate_series(1, 400) as n
            """, Ct);
        var segment = await Segment("crowd", If(""" "field": "custom_attributes.crowd", "operator": "=", "value": 1 """));
        Assert.Equal(Enumerable.Repeat(200L, 8), await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Refresh(segment))));
        Assert.Equal((200, 200, 0), await Counts(segment));
        // Everybody changes sides while eight look.
        await database.Db.Run($"update customers.customers set custom_attributes = jsonb_build_object('crowd', 1 - (custom_attributes ->> 'crowd')::int) where custom_attributes ? 'crowd'", Ct);
        Assert.Equal(Enumerable.Repeat(200L, 8), await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Refresh(segment))));
        Assert.Equal([200, 200], await database.Db.List<long>($"select count(*) from analytics.segment_memberships m where m.segment_id = {segment} group by m.is_active", Ct));
    }

    [Fact]
    public async Task Merged_and_erased_profiles_are_in_no_segment()
    {
        var person = await database.Customer("merge1", attributes: """{"merge": 1}""");
        var profile = await database.Customer("merge2", attributes: """{"merge": 1}""");
        var erased = await database.Customer("merge3", attributes: """{"merge": 1}""");
        var segment = await Segment("merge", If(""" "field": "custom_attributes.merge", "operator": "=", "value": 1 """));
        Assert.Equal(3, await Refresh(segment));
        await database.Map(profile, person);
        await database.Service.Run($"update customers.customers set erased_at = now() where id = {erased}", Ct);
        Assert.Equal(1, await Refresh(segment));
    }

    [Fact]
    public async Task A_static_segment_keeps_its_members_and_counts_them()
    {
        var member = await database.Customer("fixed", attributes: """{"plan": "none"}""");
        var segment = await Segment("static", "{}", "static");
        await database.Db.Run($"insert into analytics.segment_memberships (segment_id, customer_id) values ({segment}, {member})", Ct);
        Assert.Equal(1, await Refresh(segment));
        await database.Db.Run($"update analytics.segment_memberships set is_active = false where segment_id = {segment}", Ct);
        Assert.Equal(["fixed|f|f"], await Members(segment));
        Assert.Equal(0, await Refresh(segment));
    }

    [Fact]
    public async Task Defect_067_A_question_in_sql_is_kept_and_never_run()
    {
        var segment = await Segment("raw", "{}", "calculated");
        await database.Db.Run($"update analytics.segments set sql_query = 'select id from customers.customers; delete from customers.customers', query_parameters = '{Sql.Raw("{}")}' where id = {segment}", Ct);
        Assert.Contains("raw", (await AnalyticsDatabase.Refused(() => Refresh(segment), "23514")).MessageText, StringComparison.Ordinal);
        Assert.Empty(await Members(segment));
        Assert.Equal("ann bob cho", await Who("{}"));
        Assert.DoesNotContain(segment, await database.Db.List<Guid>($"select s.id from analytics.segments s where analytics.refresh_due_segments(now(), 0) >= 0 and s.last_refreshed_at is not null", Ct));
    }

    [Fact]
    public async Task Membership_is_asked_by_others()
    {
        var (one, two) = (await database.Customer("ask1", attributes: """{"ask": 1}"""), await database.Customer("ask2", attributes: """{"ask": 2}"""));
        var all = await Segment("ask", If(""" "field": "custom_attributes.ask", "operator": "exists" """));
        var second = await Segment("ask2", If(""" "field": "custom_attributes.ask", "operator": "=", "value": 2 """));
        await Refresh(all);
        await Refresh(second);
        Guid[] both = [all, second];
        Assert.True(await database.Db.One<bool>($"select analytics.is_member({one}, {both})", Ct));
        Assert.False(await database.Db.One<bool>($"select analytics.is_member({one}, {new[] { second }})", Ct));
        Assert.False(await database.Db.One<bool>($"select analytics.is_member({one}, {Array.Empty<Guid>()})", Ct));
        Assert.False(await database.For(database.Beta).One<bool>($"select analytics.is_member({one}, {both})", Ct));
        Assert.Equal([one], await database.Db.List<Guid>($"select analytics.members_of({both}, {new[] { second }})", Ct));
        await database.Db.Run($"update customers.customers set custom_attributes = jsonb_build_object() where id = {two}", Ct);
        await Refresh(second);
        Assert.False(await database.Db.One<bool>($"select analytics.is_member({two}, {new[] { second }})", Ct));
        Assert.Equal(2, (await database.Db.List<Guid>($"select analytics.members_of({both}, {new[] { second }})", Ct)).Count);
    }

    [Fact]
    public async Task Defect_065_Due_segments_are_found_by_their_time_and_refreshed_once()
    {
        await database.Db.Run($"update analytics.segments set next_refresh_at = '2099-01-01'", Ct);
        var due = await Segment("due", If(""" "field": "country", "operator": "=", "value": "Spain" """));
        var later = await Segment("later", "{}");
        var never = await Segment("never", "{}");
        await database.Db.Run($"update analytics.segments set next_refresh_at = '2026-03-10T12:00Z', refresh_frequency = 'hourly' where id = {due}", Ct);
        await database.Db.Run($"update analytics.segments set next_refresh_at = '2026-03-10T12:01Z' where id = {later}", Ct);
        await database.Db.Run($"update analytics.segments set next_refresh_at = '2026-03-01T00:00Z', auto_refresh = false where id = {never}", Ct);
        Assert.Equal(1, await database.Db.One<int>($"select analytics.refresh_due_segments('2026-03-10T12:00Z')", Ct));
        Assert.Equal(0, await database.Db.One<int>($"select analytics.refresh_due_segments('2026-03-10T12:00Z')", Ct));
        Assert.Equal("2026-03-10 13:00", await database.Db.One<string>($"select to_char(s.next_refresh_at, 'YYYY-MM-DD HH24:MI') from analytics.segments s where s.id = {due}", Ct));
        Assert.Contains("WHERE (auto_refresh AND is_active)", await database.Service.One<string>($"select pg_get_indexdef('analytics.segments_due'::regclass)", Ct), StringComparison.Ordinal);
        // Eight nodes ask at the same moment: each segment is refreshed by one of them.
        await database.Db.Run($"update analytics.segments set next_refresh_at = '2026-03-10T12:00Z' where id in ({due}, {later})", Ct);
        var done = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.Db.One<int>($"select analytics.refresh_due_segments('2026-03-10T12:30Z')", Ct)));
        Assert.Equal(2, done.Sum());
    }

    [Fact]
    public async Task A_user_keeps_a_hundred_segments_however_many_are_made_at_once()
    {
        var user = await database.Member("collector");
        var db = database.For(user);
        await db.Run($"insert into analytics.segments (name, criteria) select 's' || n, jsonb_build_object() from generate_series(1, 97) as n", Ct);
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(async n =>
        {
            try { return await db.Run($"insert into analytics.segments (name, criteria) values ('late', jsonb_build_object())", Ct); }
            catch (Npgsql.PostgresException e) when (e.SqlState == "CL003") { return 0; }
        }));
        Assert.Equal(3, made.Sum());
        Assert.Equal(1, await database.For(await database.Member("other")).Run($"insert into analytics.segments (name, criteria) values ('theirs', jsonb_build_object())", Ct));
    }
}
