using Clientele.Testing;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;

namespace Clientele.Giving.Tests;

/// <summary>Packs, partners, codes redeemed once, and settlements.</summary>
public sealed class CodeTests(Writers database) : IClassFixture<Writers>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Shop(Guid Partner, Guid Pack, Db Scanner);

    private async Task<Db> Staff(Guid? partner)
    {
        var user = await database.Service.One<Guid>($"insert into platform.platform_users (email, name) values ({Guid.NewGuid() + "@partner.example"}, 'Moussa') returning id", Ct);
        if (partner is not null) await database.Db.Run($"insert into giving.partner_users (partner_id, user_id) values ({partner}, {user})", Ct);
        return database.For(database.Alpha with { ActorId = user, Access = Access.Member });
    }

    private async Task<Shop> Open(long price = 10_000, decimal split = 70, long minimum = 10_000)
    {
        var partner = await database.Db.One<Guid>($"insert into wolo.partners (name, type, revenue_split_percentage, minimum_payout_cfa) values ('Cine', 'cinema', {split}, {minimum}) returning id", Ct);
        await database.Db.Run($"update wolo.partners set status = 'active' where id = {partner}", Ct);
        var pack = await database.Db.One<Guid>($"insert into wolo.packs (name, description, category, base_price_cfa, partner_id) values ('Film', '', 'cinema', {price}, {partner}) returning id", Ct);
        return new(partner, pack, await Staff(partner));
    }

    private async Task<Guid> Pot(Guid? owner = null) => await database.Db.One<Guid>($"""
        insert into wolo.pots (owner_user_id, title, target_amount_cfa, birthday_date) values ({owner ?? await database.Customer()}, 'Awa', 100000, current_date + 9) returning id
        """, Ct);

    private async Task<string> Code(Guid pack, Guid? pot = null, string from = "-1 day", string until = "1 day")
    {
        var code = "QR" + Guid.NewGuid().ToString("N");
        await database.Db.Run($"""
            insert into wolo.qr_codes (pot_id, pack_id, code, redeemable_from, expires_at) values ({pot ?? await Pot()}, {pack}, {code}, now() + {from}::interval, now() + {until}::interval)
            """, Ct);
        return code;
    }

    private static Task<string> Scan(Db who, string code) => who.One<string>($"select r.validation_result from giving.redeem({code}) r", Ct);

    [Fact]
    public async Task Defect_089_Of_8_who_scan_a_code_at_once_one_gets_it()
    {
        var shop = await Open();
        for (var round = 0; round < 5; round++)
        {
            var code = await Code(shop.Pack);
            var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Scan(shop.Scanner, code)));
            Assert.Equal((1, 7), (results.Count(r => r == "success"), results.Count(r => r == "already_used")));
            Assert.Equal("invalid", await Scan(database.For(database.Beta), code));
            Assert.Equal("8 1", await database.Db.One<string>($"""
                select concat_ws(' ', count(*), count(*) filter (where l.validation_result = 'success')) from wolo.qr_redemption_logs l join wolo.qr_codes q on q.id = l.qr_code_id where q.code = {code}
                """, Ct));
        }
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select (select count(*) from wolo.qr_codes) + (select count(*) from wolo.qr_redemption_logs l where l.qr_code_id is not null)", Ct));
    }

    [Fact]
    public async Task Defect_089_A_code_is_good_in_its_time_and_one_is_live_for_a_pot()
    {
        var (shop, pot) = (await Open(), await Pot());
        var early = await Code(shop.Pack, pot, "10 days", "20 days");
        Assert.Equal("invalid", await Scan(shop.Scanner, early));
        Assert.Equal("expired", await Scan(shop.Scanner, await Code(shop.Pack, null, "-10 days", "-1 second")));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"update wolo.qr_codes set status = 'redeemed' where code = {early}", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Service.Run($"update wolo.qr_codes set status = 'redeemed', redeemed_at = now() where code = {early}", Ct)));
        Assert.Equal("23514", await Writers.Refusal(Code(shop.Pack, null, "1 day", "1 day")));

        await database.Db.Run($"update wolo.packs set max_redemptions_per_user = 5 where id = {shop.Pack}", Ct);
        Assert.Equal("23505", await Writers.Refusal(Code(shop.Pack, pot)));
        await database.Db.Run($"update wolo.qr_codes set status = 'cancelled' where code = {early}", Ct);
        Assert.Equal("invalid", await Scan(shop.Scanner, early));
        var next = await Code(shop.Pack, pot);
        Assert.Equal("success", await Scan(shop.Scanner, next));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.qr_codes set status = 'issued' where code = {next}", Ct)));

        // Left out, its time follows from the birthday and the pack.
        var other = await Pot();
        await database.Db.Run($"insert into wolo.qr_codes (pot_id, pack_id, code) values ({other}, {shop.Pack}, {other.ToString()})", Ct);
        Assert.True(await database.Db.One<bool>($"""
            select q.redeemable_from = p.birthday_date::timestamp at time zone 'Africa/Dakar' and q.expires_at = (p.birthday_date + 90)::timestamp at time zone 'Africa/Dakar'
            from wolo.qr_codes q join wolo.pots p on p.id = q.pot_id where q.pot_id = {other}
            """, Ct));
    }

    [Fact]
    public async Task Defect_090_103_Unknown_codes_and_strangers_are_logged()
    {
        var (shop, another) = (await Open(), await Open());
        var code = await Code(shop.Pack);
        Assert.Equal("invalid", await Scan(shop.Scanner, "no such code"));
        Assert.Equal("invalid", await Scan(another.Scanner, code));
        Assert.Equal("invalid", await Scan(await Staff(null), code));
        await database.Db.Run($"update wolo.partners set status = 'suspended' where id = {shop.Partner}", Ct);
        Assert.Equal("invalid", await Scan(shop.Scanner, code));
        await database.Db.Run($"update wolo.partners set status = 'active' where id = {shop.Partner}", Ct);
        Assert.Equal("success", await Scan(shop.Scanner, code));

        Assert.Equal(["invalid f no such code"], await database.Db.List<string>($"""
            select concat_ws(' ', l.validation_result, l.qr_code_id is not null, l.scanned_code) from wolo.qr_redemption_logs l where l.scanned_code = 'no such code' and l.error_message is not null
            """, Ct));
        Assert.Equal(["invalid", "invalid", "invalid", "success"], await database.Db.List<string>($"select l.validation_result from wolo.qr_redemption_logs l where l.scanned_code = {code} order by l.attempt_timestamp", Ct));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"update wolo.qr_redemption_logs set validation_result = 'expired' where scanned_code = {code}", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Service.Run($"insert into giving.qr_redemption_logs (organization_id, scanned_code, validation_result) values ({database.Alpha.OrganizationId}, 'x', 'banana')", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"insert into giving.qr_redemption_logs (scanned_code, validation_result) values ('x', 'success')", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"update giving.partner_users set role = 'emperor' where partner_id = {shop.Partner}", Ct)));
        Assert.Equal("23503", await Writers.Refusal(database.For(database.Beta).Run($"insert into giving.partner_users (partner_id, user_id) values ({shop.Partner}, {shop.Scanner.Tenant.ActorId})", Ct)));
        Assert.Equal("invalid", await Scan(database.For(database.Beta), code));
    }

    [Fact]
    public async Task Defect_092_099_Packs_have_prices_dates_and_a_last_one()
    {
        Task<Guid> Pack(long price, long? discounted = null, string? from = null, string? until = null, long? quantity = null, int each = 1) => database.Db.One<Guid>($"""
            insert into wolo.packs (name, description, category, base_price_cfa, discounted_price_cfa, available_from, available_until, total_available_quantity, max_redemptions_per_user)
            values ('P', '', 'spa', {price}, {discounted}, {from}::date, {until}::date, {quantity}, {each}) returning id
            """, Ct);
        Assert.Equal("23514", await Writers.Refusal(Pack(100, 101)));
        Assert.Equal("23514", await Writers.Refusal(Pack(0)));
        Assert.Equal("23514", await Writers.Refusal(Pack(100, 90, "2026-02-01", "2026-01-01")));
        Assert.Equal("23514", await Writers.Refusal(Code(await Pack(100, 90, "2020-01-01", "2020-02-01"))));
        await Pack(3_000_000_000, 2_999_999_999);

        // Five of them, sixteen who want one.
        var few = await Pack(100, 90, quantity: 5);
        var pots = new List<Guid>();
        for (var i = 0; i < 16; i++) pots.Add(await Pot());
        var results = await Writers.Eight(2, n => Code(few, pots[n]));
        Assert.Equal((5, 11), (results.Count(r => r is null), results.Count(r => r == "CL003")));
        await database.Db.Run($"update wolo.qr_codes set status = 'cancelled' where code in (select q.code from wolo.qr_codes q where q.pack_id = {few} limit 1)", Ct);
        await Code(few);
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"update wolo.packs set total_available_quantity = 4 where id = {few}", Ct)));

        // Two for one person, however many pots.
        var (two, owner) = (await Pack(100, each: 2), await database.Customer());
        var hers = new List<Guid>();
        for (var i = 0; i < 8; i++) hers.Add(await Pot(owner));
        results = await Writers.Eight(1, n => Code(two, hers[n]));
        Assert.Equal((2, 6), (results.Count(r => r is null), results.Count(r => r == "CL003")));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from wolo.packs", Ct));
    }

    [Fact]
    public async Task Defect_091_Settlements_do_not_overlap_and_add_up()
    {
        var shop = await Open(split: 33.33m);
        var theirs = await database.For(database.Beta).One<Guid>($"insert into wolo.partners (name, type, revenue_split_percentage) values ('Cine', 'cinema', 50) returning id", Ct);
        Task<long> Settlement(string from, string until, long revenue = 100, long share = 70, long commission = 30) => database.Db.Run($"""
            insert into wolo.partner_settlements (partner_id, period_start, period_end, total_revenue_cfa, partner_share_cfa, wolo_commission_cfa) values ({shop.Partner}, {from}::date, {until}::date, {revenue}, {share}, {commission})
            """, Ct);
        await Settlement("2020-01-01", "2020-01-31");
        Assert.Equal("23P01", await Writers.Refusal(Settlement("2020-01-31", "2020-02-10")));
        Assert.Equal("23514", await Writers.Refusal(Settlement("2020-03-31", "2020-03-01")));
        Assert.Equal("23514", await Writers.Refusal(Settlement("2020-03-01", "2020-03-31", 100, 70, 999)));
        await Settlement("2020-02-01", "2020-02-29", 3_000_000_000, 2_000_000_000, 1_000_000_000);
        await database.For(database.Beta).Run($"insert into wolo.partner_settlements (partner_id, period_start, period_end) values ({theirs}, '2020-01-01', '2020-01-31')", Ct);
        Assert.Equal("23503", await Writers.Refusal(database.Db.Run($"insert into wolo.partner_settlements (partner_id, period_start, period_end) values ({theirs}, '2021-01-01', '2021-01-31')", Ct)));

        // One code is below the minimum and waits; with a second it is paid, once, though eight settle at once.
        Assert.Equal("success", await Scan(shop.Scanner, await Code(shop.Pack)));
        var today = $"current_date, current_date";
        Assert.Null(await database.Db.One<Guid?>($"select giving.settle({shop.Partner}, {Sql.Composed(today)})", Ct));
        for (var i = 0; i < 3; i++) await Scan(shop.Scanner, await Code(shop.Pack));
        var settled = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.Db.One<Guid?>($"select giving.settle({shop.Partner}, {Sql.Composed(today)})", Ct)));
        var settlement = Assert.Single(settled, s => s is not null);
        // 33.33 % of 40000, rounded down; the rest is the commission.
        Assert.Equal("4 40000 13332 26668", await database.Db.One<string>($"""
            select concat_ws(' ', s.total_redemptions_count, s.total_revenue_cfa, s.partner_share_cfa, s.wolo_commission_cfa) from wolo.partner_settlements s where s.id = {settlement}
            """, Ct));

        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.partner_settlements set status = 'paid' where id = {settlement}", Ct)));
        await shop.Scanner.Run($"update wolo.partner_settlements set status = 'approved' where id = {settlement}", Ct);
        Assert.True(await database.Db.One<bool>($"select s.approved_by_user_id = {shop.Scanner.Tenant.ActorId} and s.approved_at is not null from wolo.partner_settlements s where s.id = {settlement}", Ct));
        Assert.Equal("CL004", await Writers.Refusal(database.Db.Run($"update wolo.partner_settlements set total_revenue_cfa = 0, partner_share_cfa = 0, wolo_commission_cfa = 0 where id = {settlement}", Ct)));
        await database.Db.Run($"update wolo.partner_settlements set status = 'paid' where id = {settlement}", Ct);
    }

    [Fact]
    public async Task A_price_that_changes_later_does_not_change_what_is_owed()
    {
        var shop = await Open(price: 50_000, split: 50, minimum: 0);
        var code = await Code(shop.Pack);
        await database.Db.Run($"update wolo.packs set base_price_cfa = 1 where id = {shop.Pack}", Ct);
        await Scan(shop.Scanner, code);
        var settlement = await database.Db.One<Guid?>($"select giving.settle({shop.Partner}, current_date, current_date)", Ct);
        Assert.Equal(25_000, await database.Db.One<long>($"select s.partner_share_cfa from wolo.partner_settlements s where s.id = {settlement}", Ct));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from giving.qr_codes q where q.settlement_id = {settlement}", Ct));
    }

    [Fact]
    public async Task Partners_are_verified_and_campaigns_stay_in_their_budget()
    {
        var partner = await database.Db.One<Guid>($"insert into wolo.partners (name, type, revenue_split_percentage) values ('Spa', 'spa', 100) returning id", Ct);
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.partners set status = 'suspended' where id = {partner}", Ct)));
        await database.Db.Run($"update wolo.partners set status = 'active' where id = {partner}", Ct);
        Assert.True(await database.Db.One<bool>($"select p.verified_at is not null from wolo.partners p where p.id = {partner}", Ct));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"update wolo.partners set revenue_split_percentage = 101 where id = {partner}", Ct)));

        var campaign = await database.Db.One<Guid>($"""
            insert into wolo.sponsor_campaigns (sponsor_company_name, campaign_name, budget_cfa, points_multiplier, starts_at, ends_at) values ('C', 'C', 100, 12.5, now(), now() + interval '1 day') returning id
            """, Ct);
        var spent = await Writers.Eight(2, _ => database.Db.Run($"update wolo.sponsor_campaigns set spent_cfa = spent_cfa + 30 where id = {campaign}", Ct));
        Assert.Equal((3, 13), (spent.Count(r => r is null), spent.Count(r => r == "23514")));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into wolo.sponsor_campaigns (sponsor_company_name, campaign_name, budget_cfa, starts_at, ends_at) values ('C', 'C', 1, now(), now())", Ct)));
        Assert.Equal("23503", await Writers.Refusal(database.Db.Run($"""
            insert into growth.points_ledger (sponsor_id, event_type, points_earned, sponsor_campaign_id) values ({await database.Customer()}, 'pot_opened', 1, {Guid.NewGuid()})
            """, Ct)));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from wolo.sponsor_campaigns", Ct));
    }

    [Fact]
    public async Task Codes_that_ran_out_are_marked_once()
    {
        var shop = await Open();
        await database.Db.One<long>($"select giving.expire_codes()", Ct); // those of other tests
        var (over, good) = (await Code(shop.Pack, null, "-10 days", "-1 second"), await Code(shop.Pack));
        Assert.Equal(1, (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.Db.One<long>($"select giving.expire_codes()", Ct)))).Sum());
        Assert.Equal(("expired", "success"), (await Scan(shop.Scanner, over), await Scan(shop.Scanner, good)));
        Assert.Equal("invalid", await Scan(database.For(database.Beta), good));
    }

    [Fact]
    public async Task Nobody_writes_by_hand_what_a_partner_is_owed()
    {
        var (shop, pot) = (await Open(minimum: 0), await Pot());
        var (key, admin) = (database.For(database.Alpha with { Access = Access.Key }), database.For(database.Alpha with { Access = Access.Admin }));
        var code = await Code(shop.Pack);
        foreach (var change in new[]
                 {
                     "price_cfa = 9000000000", $"redeemed_by_partner_id = '{shop.Partner}'", "redeemed_at = now()", "settlement_id = null", $"pot_id = '{pot}'", $"pack_id = '{shop.Pack}'",
                     "expires_at = now() + interval '9 years'", "code = 'another one'", "status = 'redeemed', redeemed_at = now()",
                 })
            foreach (var who in new[] { key, admin })
                Assert.Equal("42501", await Writers.Refusal(who.Run($"update giving.qr_codes set {Sql.Composed(change)} where code = {code}", Ct)));
        Assert.Equal("23514", await Writers.Refusal(key.Run($"update giving.qr_codes set status = 'redeemed' where code = {code}", Ct)));
        Assert.Equal("42501", await Writers.Refusal(key.Run($"insert into giving.qr_codes (pot_id, pack_id, code, price_cfa) values ({pot}, {shop.Pack}, 'expensive', 9000000000)", Ct)));
        Assert.Equal("42501", await Writers.Refusal(admin.Run($"update giving.packs set issued_quantity = 0 where id = {shop.Pack}", Ct)));
        Assert.Equal("42501", await Writers.Refusal(key.Run($"insert into giving.packs (name, description, category, base_price_cfa, issued_quantity) values ('P', '', 'spa', 1, 0)", Ct)));

        // What a key may do still counts: one is issued, one cancelled.
        await key.Run($"insert into giving.qr_codes (pot_id, pack_id, code) values ({pot}, {shop.Pack}, {pot.ToString()})", Ct);
        Assert.Equal(2, await key.One<long>($"select p.issued_quantity from giving.packs p where p.id = {shop.Pack}", Ct));
        await key.Run($"update giving.qr_codes set status = 'cancelled', partner_notes = 'changed plans' where code = {pot.ToString()}", Ct);
        Assert.Equal(1, await key.One<long>($"select p.issued_quantity from giving.packs p where p.id = {shop.Pack}", Ct));

        // Nobody settles twice, and no key at all.
        Assert.Equal("success", await Scan(shop.Scanner, code));
        Assert.Equal("42501", await Writers.Refusal(key.Run($"select giving.settle({shop.Partner}, current_date, current_date)", Ct)));
        Assert.NotNull(await shop.Scanner.One<Guid?>($"select giving.settle({shop.Partner}, current_date, current_date)", Ct));
        Assert.Equal("42501", await Writers.Refusal(shop.Scanner.Run($"update giving.qr_codes set settlement_id = null where code = {code}", Ct)));
        Assert.Null(await shop.Scanner.One<Guid?>($"select giving.settle({shop.Partner}, current_date + 1, current_date + 1)", Ct));
    }

    [Fact]
    public async Task Who_scans_is_who_asks_and_only_in_their_own_organization()
    {
        var shop = await Open();
        var (code, scanner) = (await Code(shop.Pack), shop.Scanner.Tenant.ActorId);
        Task<string> ScanAs(Db who) => who.One<string>($"select r.validation_result from giving.redeem({code}, partner_user => {scanner}) r", Ct);
        foreach (var access in new[] { Access.Key, Access.Member, Access.Admin })
            Assert.Equal("invalid", await ScanAs(database.For(database.Alpha with { Access = access })));
        Assert.Equal("42501", await Writers.Refusal(ScanAs(database.For(database.Alpha with { Access = Access.Visitor }))));
        Assert.Equal("invalid", await ScanAs(database.For(database.Beta)));
        Assert.Equal("23503", await Writers.Refusal(database.For(database.Beta).Run($"select giving.settle({shop.Partner}, current_date, current_date)", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.For(database.Beta).Run($"insert into giving.qr_codes (organization_id, pot_id, pack_id, code) values ({database.Alpha.OrganizationId}, {await Pot()}, {shop.Pack}, 'from outside')", Ct)));
        Assert.Equal(1, await database.Db.One<long>($"select p.issued_quantity from giving.packs p where p.id = {shop.Pack}", Ct));
        Assert.False(await database.Service.One<bool>($"""
            select has_function_privilege('clientele_readonly', 'giving.redeem(text, jsonb, inet, text, uuid)', 'execute') or has_function_privilege('clientele_readonly', 'giving.settle(uuid, date, date)', 'execute')
            """, Ct));
        Assert.Equal("success", await ScanAs(database.Db));
    }
}
