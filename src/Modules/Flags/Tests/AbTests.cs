using Clientele.Testing;
namespace Clientele.Flags.Tests;

/// <summary>A/B tests: variants that fit, and one lasting assignment for everybody.</summary>
public sealed class AbTests(Writers database) : IClassFixture<Writers>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<Guid> Running(string shares = """{"control": 0.5, "b": 0.5}""")
    {
        var test = await Draft(shares);
        await database.Db.Run($"update wolo.ab_tests set status = 'running' where id = {test}", Ct);
        return test;
    }

    private Task<Guid> Draft(string shares) => database.Db.One<Guid>($$"""
        insert into wolo.ab_tests (test_name, variants, traffic_allocation, primary_metric, start_date)
        values ({{Guid.NewGuid().ToString()}}, (select jsonb_object_agg(k, '{}'::jsonb) from jsonb_object_keys({{shares}}::jsonb) as k), {{shares}}::jsonb, 'donations', current_date) returning id
        """, Ct);

    [Theory]
    [InlineData("""{"control": 0.9, "b": 0.9}""", "23514")]
    [InlineData("""{"control": 1}""", "23514")]
    [InlineData("""{"control": 0.5, "b": 0.5}""", null)]
    [InlineData("""{"control": 0.1, "b": 0.1}""", null)]
    public async Task Defect_093_Shares_fit_when_a_test_starts(string shares, string? refused)
    {
        var test = await Draft(shares);
        Assert.Equal(refused, await Writers.Refusal(database.Db.Run($"update wolo.ab_tests set status = 'running' where id = {test}", Ct)));
    }

    [Fact]
    public async Task Defect_093_An_assignment_is_of_somebody_and_to_a_variant_there_is()
    {
        var (test, person) = (await Running(), await database.Customer());
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into wolo.ab_test_assignments (test_id, variant) values ({test}, 'b')", Ct)));
        Assert.Equal("23503", await Writers.Refusal(database.Db.Run($"insert into wolo.ab_test_assignments (test_id, user_id, variant) values ({test}, {person}, 'z')", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"select flags.assign({test})", Ct)));
        Assert.Equal("23503", await Writers.Refusal(database.For(database.Beta).Run($"insert into wolo.ab_test_assignments (test_id, anonymous_id, variant) values ({test}, 'a', 'b')", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.For(database.Beta).Run($"select flags.assign({test}, anonymous_id => 'a')", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"update wolo.ab_tests set winner_variant = 'z' where id = {test}", Ct)));
        await database.Db.Run($"update wolo.ab_tests set winner_variant = 'b', confidence_level = 0.95, status = 'completed' where id = {test}", Ct);
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"update wolo.ab_tests set confidence_level = 1.5 where id = {test}", Ct)));
    }

    [Fact]
    public async Task Defect_095_8_writers_give_one_person_one_assignment()
    {
        var (test, person) = (await Running(), await database.Customer());
        var given = await Task.WhenAll(Enumerable.Range(0, 64).Select(n => database.Db.One<string>(
            n % 2 == 0 ? $"select flags.assign({test}, {person})" : (Platform.Data.Sql)$"select flags.assign({test}, anonymous_id => 'visitor')", Ct)));
        Assert.Single(given.Where((_, n) => n % 2 == 0).Distinct());
        Assert.Single(given.Where((_, n) => n % 2 == 1).Distinct());
        Assert.Equal(2, await database.Db.One<long>($"select count(*) from wolo.ab_test_assignments a where a.test_id = {test}", Ct));

        var results = await Writers.Eight(1, _ => database.Db.Run($"insert into wolo.ab_test_assignments (test_id, anonymous_id, variant) values ({test}, 'twice', 'b')", Ct));
        Assert.Equal((1, 7), (results.Count(r => r is null), results.Count(r => r == "23505")));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from wolo.ab_test_assignments", Ct));
    }

    [Fact]
    public async Task A_visitor_who_turns_out_to_be_a_customer_keeps_the_variant()
    {
        var test = await Running();
        for (var n = 0; n < 20; n++)
        {
            var (person, visitor) = (await database.Customer(), "v" + n);
            var before = await database.Db.One<string>($"select flags.assign({test}, anonymous_id => {visitor})", Ct);
            // At sign-up, several requests at once name both.
            var after = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.Db.One<string>($"select flags.assign({test}, {person}, {visitor})", Ct)));
            Assert.All(after, a => Assert.Equal(before, a));
            Assert.Equal(before, await database.Db.One<string>($"select flags.assign({test}, {person})", Ct));
        }
        Assert.Equal(20, await database.Db.One<long>($"select count(*) from wolo.ab_test_assignments a where a.test_id = {test}", Ct));
    }

    [Fact]
    public async Task The_draw_follows_the_shares_is_kept_and_ends_with_the_test()
    {
        var test = await Running("""{"a": 0.2, "b": 0.5}""");
        // 4,000 people: within 4 percentage points, five standard deviations.
        Assert.Equal("t t t", await database.Db.One<string>($"""
            select concat_ws(' ', abs(avg((v = 'a')::int) - 0.2) < 0.04, abs(avg((v = 'b')::int) - 0.5) < 0.04, abs(avg((v = '')::int) - 0.3) < 0.04)
            from (select coalesce(flags.assign({test}, anonymous_id => 'p' || n), '') as v from generate_series(1, 4000) as n) as drawn
            """, Ct));
        Assert.Equal(0, await database.Db.One<long>($"""
            select count(*) from wolo.ab_test_assignments a where a.test_id = {test} and a.variant is distinct from flags.draw({test}, a.anonymous_id)
            """, Ct));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($$"""update wolo.ab_tests set traffic_allocation = '{"a": 0.9}' where id = {{test}}""", Ct)));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"delete from flags.ab_test_variants where test_id = {test}", Ct)));

        var known = await database.Db.One<string>($"select a.anonymous_id from wolo.ab_test_assignments a where a.test_id = {test} and a.variant = 'b' limit 1", Ct);
        await database.Db.Run($"update wolo.ab_tests set status = 'completed' where id = {test}", Ct);
        Assert.Equal("b", await database.Db.One<string>($"select flags.assign({test}, anonymous_id => {known})", Ct));
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from generate_series(1, 100) as n where flags.assign({test}, anonymous_id => 'late' || n) is not null", Ct));
    }

    [Fact]
    public async Task Variants_written_as_objects_are_rows_and_prices_bring_revenue()
    {
        var test = await database.Db.One<Guid>($$$"""
            insert into jyotiflow.monetization_experiments (test_name, variants, traffic_allocation, start_date)
            values ({{{Guid.NewGuid().ToString()}}}, '{"low": {"price": 9}, "high": {"price": 15}}', '{"low": 0.5, "high": 0.5}', current_date) returning id
            """, Ct);
        Assert.Equal(["high 0.5 15", "low 0.5 9"], await database.Db.List<string>($"""
            select concat_ws(' ', v.variant, trim_scale(v.traffic_share), v.configuration ->> 'price') from flags.ab_test_variants v where v.test_id = {test} order by 1
            """, Ct));
        await database.Db.Run($$$"""update jyotiflow.monetization_experiments set variants = '{"low": {"price": 8}, "high": {"price": 15}}', description = 'd' where id = {{{test}}}""", Ct);
        Assert.Equal("8 d", await database.Db.One<string>($"""
            select concat_ws(' ', e.variants -> 'low' ->> 'price', e.description) from jyotiflow.monetization_experiments e where e.id = {test}
            """, Ct));
        await database.Db.Run($"""
            insert into jyotiflow.ab_test_participants (test_id, anonymous_id, variant, revenue) values ({test}, '1', 'low', 9), ({test}, '2', 'high', 15), ({test}, '3', 'high', 15)
            """, Ct);
        Assert.Equal("low 9.00 high 30.00", await database.Db.One<string>($"""
            select format('low %s high %s', e.revenue_by_variant ->> 'low', e.revenue_by_variant ->> 'high') from jyotiflow.monetization_experiments e where e.id = {test}
            """, Ct));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($$$"""
            insert into wolo.ab_tests (test_name, variants, traffic_allocation, primary_metric, start_date) values ('stranger', '{"a": {}}', '{"a": 0.5, "ghost": 0.5}', 'm', current_date)
            """, Ct)));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from wolo.ab_tests", Ct));
        // What is no price experiment is not shown as one.
        Assert.Equal(1, await database.Db.One<long>($"select count(*) from jyotiflow.monetization_experiments e", Ct));
    }
}
