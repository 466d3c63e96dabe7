using Clientele.Platform.Data;
using Clientele.Testing;
using Npgsql;
using static Clientele.Commerce.Tests.Shop;

namespace Clientele.Commerce.Tests;

/// <summary>Who may use which promotion, how often, and what is kept of it.</summary>
public sealed class PromotionTests(PromotionTests.Database database) : IClassFixture<PromotionTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Quote(decimal Discount, decimal FinalValue, string[] Problems);

    private sealed record Redemption(Guid? RedemptionId, bool WasValid, decimal Discount, decimal FinalValue, string[] Problems);

    private sealed record Counters(long CurrentUsageCount, long TotalRedemptions, decimal TotalDiscountGiven, decimal TotalRevenueAttributed);

    private static readonly Sql always = Sql.Raw("timestamptz '2026-01-01', timestamptz '2099-01-01'");

    /// <summary>A promotion of ten per cent, with more said in SQL.</summary>
    private Task<Guid> Promotion(string code, string more = "", string values = "", Db? db = null) => (db ?? database.Db).One<Guid>($"""
        insert into cdp.promotions (name, promotion_code, discount_type, discount_value, valid_from, valid_until{Sql.Composed(more == "" ? "" : ", " + more)})
        values ({code}, {code}, 'percentage', 0.1, {always}{Sql.Composed(values == "" ? "" : ", " + values)}) returning id
        """, Ct);

    private Task<Quote> Ask(string code, Guid person, decimal value, string? lines = null) =>
        database.Db.One<Quote>($"select q.discount, q.final_value, q.problems from commerce.quote({code}, {person}, {value}, {lines}::jsonb) q", Ct);

    private Task<Redemption> Use(string code, Guid person, decimal value, Guid? order = null, bool keep = true, Db? db = null) => (db ?? database.Db).One<Redemption>($"""
        select r.redemption_id, r.was_valid, r.discount, r.final_value, r.problems from commerce.redeem({code}, {person}, {order}, {value}, channel => 'website', keep_attempt => {keep}) r
        """, Ct);

    private Task<Counters> Counted(Guid promotion) => database.Db.One<Counters>($"""
        select p.current_usage_count, p.total_redemptions, p.total_discount_given, p.total_revenue_attributed from cdp.promotions p where p.id = {promotion}
        """, Ct);

    private async Task NoDrift() => Assert.Equal(0, await database.Db.One<long>($"select count(*) from commerce.promotion_drift()", Ct));

    [Fact]
    public async Task Defect_043_a_percentage_is_a_fraction_kept_exactly_and_an_amount_is_money()
    {
        Task<decimal> Insert(string type, decimal? value) => database.Db.One<decimal>($"""
            insert into cdp.promotions (name, discount_type, discount_value, valid_from, valid_until) values ('p', {type}, {value}, {always}) returning discount_value
            """, Ct);
        Assert.Equal(0.125m, await Insert("percentage", 0.125m));
        Assert.Equal(0.125m, await database.Db.One<decimal>($"select p.discount_value from cdp.promotions p where p.discount_value = 0.125", Ct));
        Assert.Equal(15m, await Insert("fixed_amount", 15));
        Assert.Equal("23514", await Refused(Insert("percentage", 15)));
        Assert.Equal("23514", await Refused(Insert("percentage", 0)));
        Assert.Equal("23514", await Refused(Insert("percentage", null)));
        Assert.Equal("23514", await Refused(Insert("fixed_amount", -5)));
        Assert.Equal("23514", await Refused(Insert("free_shipping", 5)));
        Assert.Equal("23514", await Refused(Insert("buy_x_get_y", null)));
        Assert.Equal("23514", await Refused(Insert("tiered", null)));
    }

    [Theory]
    [InlineData("""{"tiers": [{"min_amount": 50, "discount": 0.10}, {"min_amount": 100, "discount": 0.15}, {"min_amount": 200, "discount": 0.20}]}""", true)]
    [InlineData("""{"tiers": []}""", false)]
    [InlineData("""{"tiers": [{"min_amount": 50, "discount": 10}]}""", false)]
    [InlineData("""{"tiers": [{"min_amount": 100, "discount": 0.15}, {"min_amount": 50, "discount": 0.10}]}""", false)]
    [InlineData("""{"tiers": [{"min_amount": 50, "discount": 0.15}, {"min_amount": 100, "discount": 0.10}]}""", false)]
    [InlineData("""{"tiers": [{"min_amount": "50", "discount": 0.1}]}""", false)]
    [InlineData("""[]""", false)]
    public async Task Tiers_rise_or_are_refused(string tiers, bool fine)
    {
        var insert = database.Db.Run($"insert into cdp.promotions (name, discount_type, tier_config, valid_from, valid_until) values ('tiers', 'tiered', {tiers}::jsonb, {always})", Ct);
        if (fine) Assert.Equal(1, await insert);
        else Assert.Equal("23514", await Refused(insert));
    }

    [Fact]
    public async Task Defect_055_a_promotion_that_ends_before_it_begins_is_refused_and_its_state_is_told_from_the_clock()
    {
        Task<string> Insert(string from, string until, bool active = true) => database.Db.One<string>($"""
            with made as (
                insert into commerce.promotions (name, discount_type, discount_rate, valid_from, valid_until, is_active)
                values ('window', 'percentage', 0.1, now() + {from}::interval, now() + {until}::interval, {active}) returning *
            )
            select commerce.promotion_state(m::commerce.promotions) from made m
            """, Ct);
        Assert.Equal("23514", await Refused(Insert("2 days", "1 day")));
        Assert.Equal("23514", await Refused(Insert("1 day", "1 day")));
        Assert.Equal("coming", await Insert("1 hour", "1 day"));
        Assert.Equal("running", await Insert("-1 hour", "1 day"));
        Assert.Equal("over", await Insert("-1 day", "0"));
        Assert.Equal("switched_off", await Insert("-1 hour", "1 day", false));
        Assert.Equal("23514", await Refused(Promotion("LIMITS", "usage_limit_total, usage_limit_per_customer", "2, 3")));
        Assert.Equal("23514", await Refused(Promotion("TYPES", "eligible_customer_types", "'{gold}'")));
    }

    [Fact]
    public async Task Defect_049_a_limit_of_one_is_one_whoever_writes_and_without_an_order()
    {
        var person = await Person(database.Db, "once");
        var promotion = await Promotion("ONCE");
        Assert.True((await Use("ONCE", person, 100)).WasValid);
        Assert.Equal(["customer_limit_reached"], (await Use("once ", person, 100)).Problems);
        Assert.Equal("CL003", await Refused(Use("ONCE", person, 100, keep: false)));
        // Past the function, through the view.
        Task Insert() => database.Db.Run($"""
            insert into cdp.promotion_redemptions (promotion_id, customer_id, redemption_code, discount_amount, original_order_value, final_order_value)
            values ({promotion}, {person}, 'ONCE', 10, 100, 90)
            """, Ct);
        Assert.Equal("CL003", await Refused(Insert()));
        Assert.Equal(new Counters(1, 1, 10, 90), await Counted(promotion));
        Assert.Equal([true, false], await database.Db.List<bool>($"select r.was_valid from cdp.promotion_redemptions r where r.promotion_id = {promotion} order by r.redeemed_at", Ct));
        await NoDrift();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(25)]
    public async Task Defect_049_023_eight_writers_use_exactly_what_there_is(int limit)
    {
        var code = $"RUSH{limit}";
        var promotion = await Promotion(code, "usage_limit_total, usage_limit_per_customer", $"{limit}, 1");
        var people = new List<Guid>();
        for (var n = 0; n < 40; n++) people.Add(await Person(database.Db, $"{code}-{n}"));
        await Promotion(code, db: database.For(database.Beta));
        // Everybody tries twice, at the same time and from different writers.
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            var got = new List<(Guid Person, Redemption Answer)>();
            for (var n = 0; n < 80; n++)
                if ((n + n / 40) % 8 == writer) got.Add((people[n % 40], await Use(code, people[n % 40], 50)));
            return got;
        }, Ct)));
        var valid = answers.SelectMany(a => a).Where(a => a.Answer.WasValid).ToList();
        Assert.Equal(limit, valid.Count);
        Assert.Equal(limit, valid.Select(v => v.Person).Distinct().Count());
        Assert.All(answers.SelectMany(a => a).Where(a => !a.Answer.WasValid), a => Assert.NotEmpty(a.Answer.Problems));
        Assert.Equal(new Counters(limit, limit, limit * 5, limit * 45), await Counted(promotion));
        Assert.Equal(80, await database.Db.One<long>($"select count(*) from cdp.promotion_redemptions r where r.promotion_id = {promotion}", Ct));
        await NoDrift();
    }

    [Fact]
    public async Task Eight_writers_of_one_customer_get_one_use()
    {
        var person = await Person(database.Db, "greedy");
        var promotion = await Promotion("GREEDY", "usage_limit_total, usage_limit_per_customer", "null, 1");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Use("GREEDY", person, 50), Ct)));
        Assert.Single(answers, a => a.WasValid);
        Assert.Equal(1, (await Counted(promotion)).TotalRedemptions);
    }

    [Fact]
    public async Task Defect_023_counters_follow_their_redemptions_wherever_they_go()
    {
        var (ann, bob) = (await Person(database.Db, "counter"), await Person(database.Db, "counter's twin"));
        var promotion = await Promotion("COUNT", "usage_limit_total", "3");
        var first = await Use("COUNT", ann, 200);
        var second = await Use("COUNT", bob, 100);
        Assert.Equal(new Counters(2, 2, 30, 270), await Counted(promotion));
        Assert.True(await database.Db.One<bool>($"select commerce.void_redemption({first.RedemptionId}, 'order cancelled')", Ct));
        Assert.False(await database.Db.One<bool>($"select commerce.void_redemption({first.RedemptionId}, 'again')", Ct));
        Assert.Equal(new Counters(1, 1, 10, 90), await Counted(promotion));
        // Taken back, it can be used again.
        Assert.True((await Use("COUNT", ann, 200)).WasValid);
        await database.Db.Run($"delete from cdp.promotion_redemptions where id = {second.RedemptionId}", Ct);
        Assert.Equal(new Counters(1, 1, 20, 180), await Counted(promotion));
        await NoDrift();
        // What was given cannot be rewritten, nor the counters.
        Assert.Equal("23514", await Refused(database.Db.Run($"update cdp.promotion_redemptions set discount_amount = 1, final_order_value = 199 where promotion_id = {promotion} and was_valid", Ct)));
        Assert.Equal("CL006", await Refused(database.Db.Run($"update cdp.promotions set current_usage_count = 0 where id = {promotion}", Ct)));
        Assert.Equal("42501", await Refused(database.Db.Run($"update commerce.promotion_totals t set redemptions = 0 where t.promotion_id = {promotion}", Ct)));
        // A promotion that was used stays.
        Assert.Equal("23503", await Refused(database.Db.Run($"delete from cdp.promotions where id = {promotion}", Ct)));
    }

    [Fact]
    public async Task A_limit_set_later_counts_what_was_before()
    {
        var promotion = await Promotion("LATER", "usage_limit_total, usage_limit_per_customer", "null, null");
        var person = await Person(database.Db, "later");
        for (var n = 0; n < 3; n++) Assert.True((await Use("LATER", person, 10)).WasValid);
        await database.Db.Run($"update cdp.promotions set usage_limit_total = 3 where id = {promotion}", Ct);
        Assert.Equal(["limit_reached"], (await Use("LATER", person, 10)).Problems);
    }

    [Fact]
    public async Task Asked_twice_about_an_order_it_is_used_once()
    {
        var (person, other) = (await Person(database.Db, "twice"), await Person(database.Db, "not twice"));
        var order = await Order(database.Db, "twice", person, 80);
        var promotion = await Promotion("TWICE", "usage_limit_per_customer", "5");
        var first = await Use("TWICE", person, 80, order);
        Assert.Equal(first.RedemptionId, (await Use("TWICE", person, 80, order)).RedemptionId);
        Assert.Equal(1, (await Counted(promotion)).TotalRedemptions);
        Assert.Equal(["order_of_another_customer"], (await Use("TWICE", other, 80, order)).Problems);
        await database.Db.Run($"delete from cdp.customer_orders where id = {order}", Ct);
        Assert.Null(await database.Db.One<Guid?>($"select r.order_id from cdp.promotion_redemptions r where r.id = {first.RedemptionId}", Ct));
        await NoDrift();
    }

    [Fact]
    public async Task Every_reason_is_named_and_none_of_the_attempts_counts()
    {
        var person = await Person(database.Db, "refused");
        await Order(database.Db, "refused before", person, 10);
        var promotion = await Promotion("PICKY", "min_order_value, eligible_customer_types, min_customer_tier, first_time_customers_only, applicable_products",
            "50, '{enterprise}', 'premium', true, '{P1}'");
        await database.Db.Run($"update cdp.promotions set is_active = false where id = {promotion}", Ct);
        var refused = await Use("PICKY", person, 10);
        Assert.Equal(["switched_off", "order_too_small", "customer_type", "customer_tier", "not_the_first_order", "products_needed"], refused.Problems);
        Assert.Equal((false, 0m, 10m), (refused.WasValid, refused.Discount, refused.FinalValue));
        Assert.Equal(refused.Problems, await database.Db.One<string[]>($"select r.validation_errors from cdp.promotion_redemptions r where r.id = {refused.RedemptionId}", Ct));
        Assert.Equal(new Counters(0, 0, 0, 0), await Counted(promotion));
        var said = await Assert.ThrowsAsync<PostgresException>(() => Use("PICKY", person, 10, keep: false));
        Assert.Equal("23514", said.SqlState);
        Assert.Contains("the order is not worth enough", said.MessageText, StringComparison.Ordinal);

        await database.Db.Run($"update cdp.promotions set is_active = true, min_customer_tier = 'trial', eligible_customer_types = '{{}}', first_time_customers_only = false where id = {promotion}", Ct);
        Assert.Equal(["no_product_qualifies"], (await Ask("PICKY", person, 60, """[{"product_id": "P2", "quantity": 1, "unit_price": 60}]""")).Problems);
        Assert.Equal(2m, (await Ask("PICKY", person, 60, """[{"product_id": "P2", "quantity": 1, "unit_price": 40}, {"product_id": "P1", "quantity": 2, "unit_price": 10}]""")).Discount);
        Assert.Equal(["unknown_code"], (await Ask("NOWHERE", person, 60)).Problems);
        await Promotion("THEIRS", db: database.For(database.Beta));
        Assert.Equal(["unknown_code"], (await Ask("THEIRS", person, 60)).Problems);
        Assert.Equal(["unknown_customer"], (await Ask("PICKY", Guid.NewGuid(), 60)).Problems);
    }

    [Fact]
    public async Task Defect_057_segments_are_rows_that_cannot_vanish_under_a_promotion()
    {
        var (inside, outside) = (await Person(database.Db, "inside"), await Person(database.Db, "outside"));
        async Task<Guid> Segment(Db db) => await db.One<Guid>($$"""insert into analytics.segments (name, segment_type, criteria) values ({{Guid.NewGuid().ToString()}}, 'static', '{"conditions": []}') returning id""", Ct);
        var (segment, second, theirs) = (await Segment(database.Db), await Segment(database.Db), await Segment(database.For(database.Beta)));
        await database.Db.Run($"insert into analytics.segment_memberships (segment_id, customer_id) values ({segment}, {inside})", Ct);
        var promotion = await Promotion("INSIDE");
        Assert.Equal(1, await database.Db.Run($"update cdp.promotions set eligible_customer_segments = {new[] { segment, second }} where id = {promotion}", Ct));
        Assert.Equal(new[] { segment, second }.Order(), (await database.Db.One<Guid[]>($"select p.eligible_customer_segments from cdp.promotions p where p.id = {promotion}", Ct)).Order());
        Assert.Equal("23503", await Refused(database.Db.Run($"update cdp.promotions set eligible_customer_segments = {new[] { theirs }} where id = {promotion}", Ct)));
        Assert.Empty((await Ask("INSIDE", inside, 10)).Problems);
        Assert.Equal(["customer_segment"], (await Ask("INSIDE", outside, 10)).Problems);
        Assert.Equal("23503", await Refused(database.Db.Run($"delete from analytics.segments s where s.id = {segment}", Ct)));
        await database.Db.Run($"update cdp.promotions set eligible_customer_segments = '{{}}' where id = {promotion}", Ct);
        Assert.Empty((await Ask("INSIDE", outside, 10)).Problems);
        await database.Db.Run($"delete from analytics.segments s where s.id = {segment}", Ct);
    }

    [Fact]
    public async Task Defect_059_codes_are_rows_made_in_bulk_and_each_is_used_once()
    {
        var promotion = await database.Db.One<Guid>($"""
            insert into cdp.promotions (name, code_type, discount_type, discount_value, usage_limit_per_customer, valid_from, valid_until) values ('Many', 'bulk', 'fixed_amount', 5, null, {always}) returning id
            """, Ct);
        var codes = await database.Db.List<string>($"select commerce.generate_codes({promotion}, 500, 'MANY-')", Ct);
        Assert.Equal(500, codes.Distinct().Count());
        Assert.All(codes, c => Assert.Matches("^MANY-[A-HJ-NP-Z2-9]{10}$", c));
        var (ann, bob) = (await Person(database.Db, "many"), await Person(database.Db, "many too"));
        Assert.True((await Use(codes[0], ann, 100)).WasValid);
        Assert.Equal(["code_used_up"], (await Use(codes[0].ToLowerInvariant(), bob, 100)).Problems);
        Assert.True((await Use(codes[1], ann, 100)).WasValid);
        // Eight at one code: one gets it.
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() => Use(codes[2], n % 2 == 0 ? ann : bob, 100), Ct)));
        Assert.Single(answers, a => a.WasValid);
        Assert.Equal([1L, 1L, 1L, 0L], await database.Db.List<long>($"select c.times_used from jyotiflow.coupons c where c.code = any({codes.Take(4).ToArray()}) order by c.times_used desc", Ct));
        Assert.Equal(3, await database.Db.One<long>($"select count(*) from jyotiflow.user_coupons u where u.promotion_id = {promotion}", Ct));

        // Somebody's own code; a code there is already, in any letters; a second code of a single promotion.
        var own = await database.Db.One<string>($"select commerce.generate_codes({promotion}, 1, customer => {ann})", Ct);
        Assert.Equal(["code_of_another_customer"], (await Ask(own, bob, 100)).Problems);
        Assert.Equal("23505", await Refused(database.Db.Run($"insert into commerce.promotion_codes (promotion_id, code) values ({promotion}, {codes[0].ToLowerInvariant()})", Ct)));
        await database.For(database.Beta).Run($"insert into cdp.promotions (name, promotion_code, discount_type, valid_from, valid_until) values ('Same word', {codes[0]}, 'free_shipping', {always})", Ct);
        var single = await Promotion("SINGLE");
        Assert.Equal("23514", await Refused(database.Db.Run($"insert into commerce.promotion_codes (promotion_id, code) values ({single}, 'SECOND')", Ct)));
        Assert.Equal("23514", await Refused(database.Db.Run($"update cdp.promotions set promotion_code = 'NO' where id = {promotion}", Ct)));
        Assert.Equal(1, await database.Db.Run($"update cdp.promotions set promotion_code = 'RENAMED' where id = {single}", Ct));
        Assert.Equal("RENAMED", await database.Db.One<string>($"select p.promotion_code from cdp.promotions p where p.id = {single}", Ct));
        Assert.Equal(1, await database.Db.Run($"delete from cdp.promotions where id = {single}", Ct));
    }

    [Fact]
    public async Task A_promotion_without_a_code_applies_by_itself_and_a_redemption_is_told_to_the_log()
    {
        var person = await Person(database.Db, "automatic");
        var promotion = await database.Db.One<Guid>($"""
            insert into cdp.promotions (name, discount_type, requires_code, valid_from, valid_until) values ('Free delivery', 'free_shipping', false, {always}) returning id
            """, Ct);
        var used = await database.Db.One<Redemption>($"""
            select r.redemption_id, r.was_valid, r.discount, r.final_value, r.problems from commerce.redeem(null, {person}, null, 55, shipping => 4.90, promotion => {promotion}) r
            """, Ct);
        Assert.Equal((true, 4.90m, 50.10m), (used.WasValid, used.Discount, used.FinalValue));
        Assert.Equal(4.90m, await database.Db.One<decimal>($"select f.event_value from log.facts f where f.customer_id = {person} and f.event_type = 'promotion_redeemed'", Ct));
        var needs = await Promotion("NEEDS");
        Assert.Equal(["code_needed"], await database.Db.One<string[]>($"select q.problems from commerce.quote(null, {person}, 10, promotion => {needs}) q", Ct));
    }

    [Fact]
    public async Task Merged_profiles_take_their_uses_along()
    {
        var (ann, twin) = (await Person(database.Db, "merge survivor"), await Person(database.Db, "merge twin"));
        var promotion = await Promotion("MERGE");
        await Use("MERGE", ann, 10);
        await Use("MERGE", twin, 10);
        await Order(database.Db, "merge 1", ann, 10);
        await Order(database.Db, "merge 2", twin, 20);
        await database.Db.Run($"update commerce.promotion_redemptions r set customer_id = {ann} where r.customer_id = {twin}", Ct);
        await database.Db.Run($"update commerce.customer_orders o set customer_id = {ann} where o.customer_id = {twin}", Ct);
        Assert.Equal(2, (await Counted(promotion)).TotalRedemptions);
        Assert.Equal(["customer_limit_reached"], (await Use("MERGE", ann, 10)).Problems);
        Assert.True((await Use("MERGE", twin, 10)).WasValid);
        Assert.Equal(30m, await database.Db.One<decimal>($"select c.total_revenue from cdp.customers c where c.id = {ann}", Ct));
        await NoDrift();
    }
}
