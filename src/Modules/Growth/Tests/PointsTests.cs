using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;

namespace Clientele.Growth.Tests;

/// <summary>Points: from waiting to the account, and out of it, never below zero.</summary>
public sealed class PointsTests(Writers database) : IClassFixture<Writers>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Task<long> Balance(Guid sponsor) => database.Db.One<long>($"select growth.points_balance({sponsor})", Ct);

    private async Task<Guid> Rich(long points)
    {
        var sponsor = await database.Customer();
        await database.Db.Run($"insert into wolo.points_ledger (sponsor_user_id, event_type, points_earned, status) values ({sponsor}, 'referral_accepted', {points}, 'matured')", Ct);
        return sponsor;
    }

    [Fact]
    public async Task Points_wait_then_mature_with_their_multipliers_or_are_revoked()
    {
        var sponsor = await database.Customer();
        Task<Guid> Earn(decimal boost) => database.Db.One<Guid>($"""
            insert into wolo.points_ledger (sponsor_user_id, event_type, points_earned, base_multiplier, sponsor_boost_multiplier) values ({sponsor}, 'pot_opened', 100, 2, {boost}) returning id
            """, Ct);
        var (earned, revoked) = (await Earn(1.5m), await Earn(1m));
        Assert.Equal(0, await Balance(sponsor));

        await database.Db.Run($"update wolo.points_ledger set status = 'revoked', description = 'fraud' where id = {revoked}", Ct);
        await database.Db.Run($"update wolo.points_ledger set status = 'matured' where id = {earned}", Ct);
        Assert.Equal(300, await Balance(sponsor));
        Assert.True(await database.Db.One<bool>($"select l.matured_at is not null from wolo.points_ledger l where l.id = {earned}", Ct));

        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.points_ledger set status = 'matured' where id = {revoked}", Ct)));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.points_ledger set status = 'revoked' where id = {earned}", Ct)));
        Assert.Equal("CL004", await Writers.Refusal(database.Db.Run($"update wolo.points_ledger set points_earned = 9 where id = {earned}", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"delete from wolo.points_ledger where id = {earned}", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"update growth.points_entries set amount = 1 where customer_id = {sponsor}", Ct)));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select growth.points_balance({sponsor})", Ct));
    }

    [Fact]
    public async Task Due_points_mature_by_themselves_once()
    {
        var sponsor = await database.Customer();
        await database.Db.Run($"""
            insert into growth.points_ledger (sponsor_id, event_type, points_earned, matures_at)
            values ({sponsor}, 'first_donation', 10, now() - interval '1 minute'), ({sponsor}, 'first_donation', 20, now() + interval '1 day'), ({sponsor}, 'first_donation', 40, null)
            """, Ct);
        await Writers.Eight(1, _ => database.Db.Run($"select growth.mature_points()", Ct));
        Assert.Equal(10, await Balance(sponsor));
    }

    [Fact]
    public async Task Points_that_came_due_while_two_were_one_go_back_to_whom_they_were_promised()
    {
        var (survivor, merged) = (await Rich(5), await Rich(7));
        var pending = await database.Db.One<Guid>($"insert into growth.points_ledger (sponsor_id, event_type, points_earned) values ({merged}, 'pot_opened', 30) returning id", Ct);
        var merge = await database.Db.One<Guid>($"select customers.merge({survivor}, {merged}, 'same person')", Ct);
        await database.Db.Run($"update growth.points_ledger set status = 'matured' where id = {pending}", Ct);
        Assert.Equal(42, await Balance(survivor));

        await database.Db.Run($"select customers.undo_merge({merge})", Ct);
        Assert.Equal((5, 37), (await Balance(survivor), await Balance(merged)));

        // Spent meanwhile, they cannot go back, and the two stay one.
        var later = await database.Db.One<Guid>($"insert into growth.points_ledger (sponsor_id, event_type, points_earned) values ({merged}, 'pot_opened', 10) returning id", Ct);
        var again = await database.Db.One<Guid>($"select customers.merge({survivor}, {merged}, 'same person')", Ct);
        await database.Db.Run($"update growth.points_ledger set status = 'matured' where id = {later}", Ct);
        await database.Db.Run($"insert into growth.points_entries (customer_id, amount, idempotency_key) values ({survivor}, -50, {Guid.NewGuid().ToString("N")})", Ct);
        Assert.Equal("CL002", await Writers.Refusal(database.Db.Run($"select customers.undo_merge({again})", Ct)));
        Assert.Equal(2, await Balance(survivor));
    }

    [Fact]
    public async Task Defect_087_8_writers_convert_no_more_points_than_there_are()
    {
        var (sponsor, theirs) = (await Rich(1000), await database.Customer(database.Beta));
        await database.For(database.Beta).Run($"insert into growth.points_ledger (sponsor_id, event_type, points_earned, status) values ({theirs}, 'pot_opened', 7, 'matured')", Ct);

        var results = await Writers.Eight(3, _ => database.Db.Run(
            $"insert into wolo.points_conversions (sponsor_user_id, points_converted, credits_issued, conversion_rate) values ({sponsor}, 100, 50, 0.5)", Ct));
        Assert.Equal((10, 14), (results.Count(r => r is null), results.Count(r => r == "CL002")));
        Assert.Equal(0, await Balance(sponsor));
        // Each conversion has its own row of points spent, and that its own entry: no point is spent twice, none lost.
        Assert.Equal("10 1000 1000 0", await database.Db.One<string>($"""
            select concat_ws(' ', count(distinct c.points_ledger_id), sum(l.points_spent), -sum(e.amount), min(e.balance))
            from growth.points_conversions c join growth.points_ledger l on l.id = c.points_ledger_id join growth.points_entries e on e.points_ledger_id = l.id
            where c.sponsor_id = {sponsor}
            """, Ct));
        Assert.Equal(7, await database.For(database.Beta).One<long>($"select growth.points_balance({theirs})", Ct));
    }

    [Fact]
    public async Task Defect_087_What_was_never_earned_is_not_converted()
    {
        var poor = await Rich(10);
        Task<long> Convert(long points, long credits, decimal rate) =>
            database.Db.Run($"insert into wolo.points_conversions (sponsor_user_id, points_converted, credits_issued, conversion_rate) values ({poor}, {points}, {credits}, {rate})", Ct);

        Assert.Equal("CL002", await Writers.Refusal(Convert(1_000_000, 500_000, 0.5m)));
        Assert.Equal("23514", await Writers.Refusal(Convert(-5, -5, 1)));
        Assert.Equal("23514", await Writers.Refusal(Convert(5, 5000, 1)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into wolo.points_ledger (sponsor_user_id, event_type, points_earned) values ({poor}, 'pot_opened', -1)", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into wolo.points_ledger (sponsor_user_id, event_type, points_earned, points_spent) values ({poor}, 'pot_opened', 1, 1)", Ct)));
        Assert.Equal("CL002", await Writers.Refusal(database.Db.Run($"insert into wolo.points_ledger (sponsor_user_id, event_type, points_spent) values ({poor}, 'correction', 11)", Ct)));
        Assert.Equal(10, await Balance(poor));
        // What failed has left nothing behind.
        Assert.Equal(1, await database.Db.One<long>($"select count(*) from growth.points_ledger l where l.sponsor_id = {poor}", Ct));

        await Convert(10, 33, 3.3333m);
        Assert.Equal("CL004", await Writers.Refusal(database.Db.Run($"update wolo.points_conversions set points_converted = 1, credits_issued = 3 where sponsor_user_id = {poor}", Ct)));
        Assert.Equal("23503", await Writers.Refusal(database.Db.Run($"update wolo.points_conversions set applied_to_pot_id = {Guid.NewGuid()} where sponsor_user_id = {poor}", Ct)));
    }

    [Fact]
    public async Task Defect_099_100_Points_and_multipliers_have_room()
    {
        var sponsor = await database.Customer();
        await database.Db.Run($"""
            insert into wolo.points_ledger (sponsor_user_id, event_type, points_earned, sponsor_boost_multiplier, status) values ({sponsor}, 'pot_opened', 3000000000, 12.5, 'matured')
            """, Ct);
        Assert.Equal(37_500_000_000, await Balance(sponsor));
        await database.Db.Run($"insert into wolo.points_conversions (sponsor_user_id, points_converted, credits_issued, conversion_rate) values ({sponsor}, 3000000000, 3000000000, 1)", Ct);
        Assert.Equal(34_500_000_000, await Balance(sponsor));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from wolo.points_ledger l where l.sponsor_user_id = {sponsor}", Ct));
    }

    [Fact]
    public async Task An_act_earns_its_points_once()
    {
        var sponsor = await database.Customer();
        var referral = await database.Db.One<Guid>($"insert into wolo.referrals (sponsor_user_id, invited_phone) values ({sponsor}, '+221775550001') returning id", Ct);
        var results = await Writers.Eight(2, _ => database.Db.Run(
            $"insert into wolo.points_ledger (sponsor_user_id, referral_id, event_type, points_earned, status) values ({sponsor}, {referral}, 'referral_accepted', 5, 'matured')", Ct));
        Assert.Equal((1, 15), (results.Count(r => r is null), results.Count(r => r == "23505")));
        Assert.Equal(5, await Balance(sponsor));
        Assert.Equal("23503", await Writers.Refusal(database.For(database.Beta).Run($"""
            insert into wolo.points_ledger (sponsor_user_id, referral_id, event_type, points_earned) values ({await database.Customer(database.Beta)}, {referral}, 'referral_accepted', 5)
            """, Ct)));
    }

    [Fact]
    public async Task A_merge_carries_the_points_and_an_undo_carries_them_back()
    {
        var (survivor, merged) = (await Rich(100), await Rich(40));
        var waiting = await database.Db.One<Guid>($"insert into wolo.points_ledger (sponsor_user_id, event_type, points_earned) values ({merged}, 'pot_opened', 7) returning id", Ct);
        var merge = await database.Db.One<Guid>($"select customers.merge({survivor}, {merged}, 'same person')", Ct);
        Assert.Equal((140L, 0L), (await Balance(survivor), await Balance(merged)));
        await database.Db.Run($"select customers.undo_merge({merge})", Ct);
        Assert.Equal((100L, 40L), (await Balance(survivor), await Balance(merged)));
        await database.Db.Run($"update wolo.points_ledger set status = 'matured' where id = {waiting}", Ct);
        Assert.Equal(47, await Balance(merged));
    }

    [Fact]
    public async Task Rewards_of_a_referral_are_one_for_each_side_and_kind()
    {
        var (sponsor, friend) = (await database.Customer(), await database.Customer());
        var referral = await database.Db.One<Guid>($"insert into wolo.referrals (sponsor_user_id, invited_phone) values ({sponsor}, '+221775550002') returning id", Ct);
        Task<long> Reward(Guid who) => database.Db.Run($"insert into jyotiflow.rewards (user_id, referral_id, reward_value) values ({who}, {referral}, 5)", Ct);
        await Reward(sponsor);
        await Reward(friend);
        Assert.Equal("23505", await Writers.Refusal(Reward(friend)));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update jyotiflow.rewards set status = 'redeemed' where user_id = {friend}", Ct)));
        await database.Db.Run($"update jyotiflow.rewards set status = 'granted' where user_id = {friend}", Ct);
        // Taken once, however many take it.
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.Db.Run($"update jyotiflow.rewards set status = 'redeemed' where user_id = {friend} and status = 'granted'", Ct)));
        Assert.Equal(1, taken.Sum());
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from jyotiflow.rewards", Ct));
    }

    [Fact]
    public async Task No_row_of_points_stops_the_points_of_others()
    {
        var (full, sponsor) = (await database.Customer(), await database.Customer(database.Beta));
        Task<long> Earn(decimal points, decimal by, decimal boost) => database.Db.Run($"""
            insert into growth.points_ledger (sponsor_id, event_type, points_earned, base_multiplier, sponsor_boost_multiplier, matures_at) values ({full}, 'pot_opened', {points}, {by}, {boost}, now() - interval '1 minute')
            """, Ct);
        Assert.Equal("23514", await Writers.Refusal(Earn(9_000_000_000_000_000_000, 1, 1)));
        Assert.Equal("23514", await Writers.Refusal(Earn(1, 999_999, 1)));
        Assert.Equal("23514", await Writers.Refusal(Earn(1, 1, 999_999)));
        Assert.Equal("23514", await Writers.Refusal(Earn(1_000_000_000_000, 1, 1.01m)));

        // An account that is full: what is due to it does not fit, and what is due to others comes all the same.
        await database.Db.Run($"insert into growth.points_entries (customer_id, amount, idempotency_key) values ({full}, 1000000000000000000, 'filled')", Ct);
        await Earn(1_000_000_000_000, 1, 1);
        await database.For(database.Beta).Run($"insert into growth.points_ledger (sponsor_id, event_type, points_earned, matures_at) values ({sponsor}, 'pot_opened', 10, now() - interval '1 second')", Ct);
        Assert.Equal(1, await database.Service.One<long>($"select growth.mature_points()", Ct));
        Assert.Equal(10, await database.For(database.Beta).One<long>($"select growth.points_balance({sponsor})", Ct));
        Assert.Equal("revoked (The account is full.)", await database.Db.One<string>($"select concat_ws(' ', l.status, l.description) from growth.points_ledger l where l.sponsor_id = {full}", Ct));
    }

    [Fact]
    public async Task Points_are_added_by_what_matures_or_by_administrators()
    {
        var sponsor = await database.Customer();
        var (key, admin) = (database.For(database.Alpha with { Access = Access.Key }), database.For(database.Alpha with { Access = Access.Admin }));
        Task<long> Add(Db who) => who.Run($"insert into growth.points_entries (customer_id, amount, idempotency_key) values ({sponsor}, 5, {Guid.NewGuid().ToString()})", Ct);
        Assert.Equal("42501", await Writers.Refusal(Add(key)));
        await Add(admin);
        await key.Run($"insert into growth.points_ledger (sponsor_id, event_type, points_earned, status) values ({sponsor}, 'pot_opened', 10, 'matured')", Ct);
        await key.Run($"insert into growth.points_conversions (sponsor_id, points_converted, conversion_rate) values ({sponsor}, 3, 1)", Ct);
        Assert.Equal(12, await Balance(sponsor));
    }
}
