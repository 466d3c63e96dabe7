using Clientele.Testing;

namespace Clientele.Giving.Tests;

/// <summary>Pots: when they open, whose birthday it is, and what they have raised.</summary>
public sealed class PotTests(Writers database) : IClassFixture<Writers>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<Guid> Pot(int daysAhead, long target = 100_000, Guid? owner = null) => await database.Db.One<Guid>($"""
        insert into wolo.pots (owner_user_id, title, target_amount_cfa, birthday_date)
        values ({owner ?? await database.Customer()}, 'Awa', {target}, (now() at time zone 'Africa/Dakar')::date + {daysAhead}) returning id
        """, Ct);

    private Task<string> Status(Guid pot) => database.Db.One<string>($"select p.status from wolo.pots p where p.id = {pot}", Ct);

    private async Task<Guid> Donate(Guid pot, long amount, Guid? donor = null)
    {
        var donation = await database.Db.One<Guid>($"insert into wolo.donations (pot_id, donor_user_id, amount_cfa) values ({pot}, {donor}, {amount}) returning id", Ct);
        await database.Db.Run($"update wolo.donations set status = 'succeeded' where id = {donation}", Ct);
        return donation;
    }

    private Task<long> Refund(Guid donation, long amount) =>
        database.Db.Run($"insert into wolo.refunds (donation_id, amount_cfa, reason) values ({donation}, {amount}, 'user_request')", Ct);

    /// <summary>Puts a row into a past that the rules would not let it be written into.</summary>
    private async Task Behind(string statement)
    {
        await using var behind = await database.OpenSuperuser();
        await behind.Run($"set session_replication_role = replica; {statement}");
    }

    [Theory]
    [InlineData("UTC")]
    [InlineData("Asia/Tokyo")]
    [InlineData("Pacific/Kiritimati")]
    [InlineData("Pacific/Pago_Pago")]
    public async Task Defect_079_080_A_pot_opens_thirty_days_before_at_midnight_in_Dakar_in_every_session(string zone)
    {
        var owner = await database.Customer();
        var right = await database.Db.InTransaction(async t =>
        {
            await t.Run($"select set_config('TimeZone', {zone}, true)", Ct);
            return await t.One<bool>($"""
                insert into wolo.pots (owner_user_id, title, target_amount_cfa, birthday_date) values ({owner}, 'Awa', 1000, '2099-06-15')
                returning status = 'scheduled' and scheduled_open_at = timestamptz '2099-05-16 00:00:00+00' and actual_opened_at is null
                """, Ct);
        }, Ct);
        Assert.True(right);
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.pots set status = 'open' where owner_user_id = {owner}", Ct)));
        Assert.Equal("CL006", await Writers.Refusal(database.Db.Run($"update wolo.pots set scheduled_open_at = now() where owner_user_id = {owner}", Ct)));
        // The moment the rule gives is the table's, whatever was sent.
        Assert.True(await database.Db.One<bool>($"""
            insert into wolo.pots (owner_user_id, title, target_amount_cfa, birthday_date, scheduled_open_at) values ({owner}, 'Awa', 1000, '2099-06-15', '2099-06-14')
            returning scheduled_open_at = timestamptz '2099-05-16 00:00:00+00'
            """, Ct));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from wolo.pots", Ct));
    }

    [Fact]
    public async Task Defect_080_A_pot_made_later_opens_at_once_and_none_on_the_last_day()
    {
        Assert.Equal(("open", "open", "scheduled"), (await Status(await Pot(30)), await Status(await Pot(2)), await Status(await Pot(31))));
        Assert.Equal("23514", await Writers.Refusal(Pot(1)));
        Assert.Equal("23514", await Writers.Refusal(Pot(-10)));
        var moved = await Pot(60);
        await database.Db.Run($"update wolo.pots set birthday_date = birthday_date - 50 where id = {moved}", Ct);
        Assert.Equal("open", await Status(moved));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.pots set birthday_date = birthday_date + 1 where id = {moved}", Ct)));
    }

    [Fact]
    public async Task Pots_open_and_expire_by_the_clock_once()
    {
        var (due, later, over, running) = (await Pot(60), await Pot(60), await Pot(10), await Pot(10));
        await Behind($"update giving.pots set scheduled_open_at = now() - interval '1 second' where id = '{due}'; update giving.pots set birthday_date = current_date - 1, scheduled_open_at = now() - interval '40 days' where id = '{over}'");
        var opened = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.Db.One<long>($"select giving.open_pots()", Ct)));
        Assert.Equal(1, opened.Sum());
        Assert.Equal(("open", "scheduled"), (await Status(due), await Status(later)));
        Assert.Equal(1, await database.Db.One<long>($"select giving.expire_pots()", Ct));
        Assert.Equal(("expired", "open"), (await Status(over), await Status(running)));

        Assert.Equal("CL001", await Writers.Refusal(Donate(over, 500)));
        await database.Db.Run($"update wolo.pots set status = 'closed' where id = {over}", Ct);
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.pots set status = 'open' where id = {over}", Ct)));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.pots set status = 'closed' where id = {running}", Ct)));
        Assert.Equal(["open→expired", "expired→closed"], await database.Db.List<string>($"""
            select (e.properties ->> 'from') || '→' || (e.properties ->> 'to') from log.events e where e.event_type = 'pot_changed' and e.properties ->> 'id' = {over.ToString()} order by e.writer, e.position
            """, Ct));
    }

    [Theory]
    [InlineData("2000-02-29", "2026-11-21", "2027-02-28")]
    [InlineData("2000-02-29", "2027-12-01", "2028-02-29")]
    [InlineData("2000-02-29", "2027-02-28", "2028-02-29")]
    [InlineData("1990-11-21", "2026-11-21", "2027-11-21")]
    [InlineData("1990-11-22", "2026-11-21", "2026-11-22")]
    [InlineData("1990-01-01", "2026-12-31", "2027-01-01")]
    public async Task Defect_082_The_next_birthday_has_a_rule_for_the_29th_of_February(string born, string today, string next) =>
        Assert.Equal(next, await database.Db.One<string>($"select giving.next_birthday({born}::date, {today}::date)::text", Ct));

    [Fact]
    public async Task Defect_082_A_pots_birthday_is_its_owners()
    {
        var owner = await database.Customer();
        await database.Db.Run($"update customers.customers set date_of_birth = ((now() at time zone 'Africa/Dakar')::date + 90 - interval '20 years')::date where id = {owner}", Ct);
        Assert.Equal("23514", await Writers.Refusal(Pot(91, owner: owner)));
        var pot = await database.Db.One<Guid>($"insert into wolo.pots (owner_user_id, title, target_amount_cfa) values ({owner}, 'Awa', 5) returning id", Ct);
        Assert.True(await database.Db.One<bool>($"""
            select p.birthday_date = giving.next_birthday(c.date_of_birth, (now() at time zone 'Africa/Dakar')::date) from wolo.pots p join customers.customers c on c.id = p.owner_user_id where p.id = {pot}
            """, Ct));
        // Unknown: it must be said.
        Assert.Equal("23502", await Writers.Refusal(database.Db.Run($"insert into wolo.pots (owner_user_id, title, target_amount_cfa) values ({await database.Customer()}, 'Awa', 5)", Ct)));
    }

    [Fact]
    public async Task Defect_086_8_writers_refund_no_more_than_was_given()
    {
        var donation = await Donate(await Pot(10), 5000);
        var results = await Writers.Eight(3, _ => Refund(donation, 700));
        Assert.Equal((7, 17), (results.Count(r => r is null), results.Count(r => r == "CL003")));
        Assert.Equal("CL003", await Writers.Refusal(Refund(donation, 101)));
        Assert.Equal("succeeded", await database.Db.One<string>($"select d.status from wolo.donations d where d.id = {donation}", Ct));
        await Refund(donation, 100);
        Assert.Equal("refunded t", await database.Db.One<string>($"select concat_ws(' ', d.status, d.refunded_at is not null) from wolo.donations d where d.id = {donation}", Ct));
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from giving.drift()", Ct));
    }

    [Fact]
    public async Task Defect_085_086_Only_what_succeeded_is_refunded_for_a_reason_there_is()
    {
        var pot = await Pot(10);
        var pending = await database.Db.One<Guid>($"insert into wolo.donations (pot_id, amount_cfa) values ({pot}, 5000) returning id", Ct);
        Assert.Equal("CL001", await Writers.Refusal(Refund(pending, 9000)));
        var donation = await Donate(pot, 5000);
        Assert.Equal("CL003", await Writers.Refusal(Refund(donation, 9000)));
        Assert.Equal("23514", await Writers.Refusal(Refund(donation, -1)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into wolo.refunds (donation_id, amount_cfa, reason) values ({donation}, 1, 'whim')", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"update wolo.donations set risk_score = 101 where id = {donation}", Ct)));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.donations set status = 'failed' where id = {donation}", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"update wolo.donations set status = 'refunded' where id = {donation}", Ct)));
        Assert.Equal("CL006", await Writers.Refusal(database.Db.Run($"update giving.donations set refunded_cfa = 5 where id = {donation}", Ct)));
        Assert.Equal("CL004", await Writers.Refusal(database.Db.Run($"update wolo.donations set amount_cfa = 5 where id = {donation}", Ct)));
        Assert.Equal("23503", await Writers.Refusal(database.For(database.Beta).Run($"insert into wolo.refunds (donation_id, amount_cfa, reason) values ({donation}, 1, 'fraud')", Ct)));

        await Refund(donation, 5000);
        await database.Db.Run($"update wolo.refunds set wave_refund_status = 'failed' where donation_id = {donation}", Ct);
        Assert.Equal("succeeded 5000", await database.Db.One<string>($"select concat_ws(' ', d.status, giving.raised(d.organization_id, d.pot_id)) from giving.donations d where d.id = {donation}", Ct));
        await Refund(donation, 5000);
        await database.Db.Run($"update wolo.refunds set wave_refund_status = 'done' where donation_id = {donation} and wave_refund_status = 'pending'", Ct);
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.refunds set wave_refund_status = 'failed' where donation_id = {donation} and wave_refund_status = 'done'", Ct)));
    }

    [Fact]
    public async Task Defect_094_The_donation_that_reaches_the_target_funds_the_pot_whoever_else_gives()
    {
        // Eight at once, none of which reaches the target alone: without the lock each would see the others missing.
        for (var round = 0; round < 5; round++)
        {
            var pot = await Pot(10, 8000);
            Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.pots set status = 'funded' where id = {pot}", Ct)));
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Donate(pot, 1000)));
            Assert.Equal("funded", await Status(pot));
        }
    }

    [Fact]
    public async Task Defect_094_100_What_was_raised_is_the_sum_less_refunds_and_days_do_not_drift()
    {
        var (pot, empty, donor) = (await Pot(10, 1000), await Pot(10), await database.Customer());
        await database.Db.Run($"update wolo.pots set view_count = 1 where id = {pot}", Ct);
        for (var i = 0; i < 12; i++) await Donate(pot, 1000, donor);
        var refunded = await Donate(pot, 1000);
        await database.Db.Run($"insert into wolo.donations (pot_id, amount_cfa) values ({pot}, 777)", Ct);
        await Refund(refunded, 400);
        await database.Db.Run($"select giving.snapshot_pots()", Ct);
        await database.Db.Run($"select giving.snapshot_pots()", Ct);

        Assert.Equal("12600 400 13 2 1", await database.Db.One<string>($"""
            select concat_ws(' ', f.raised_cfa, f.refunded_cfa, f.donation_count, f.donor_count, trim_scale(f.funded_share)) from giving.pot_figures f where f.pot_id = {pot}
            """, Ct));
        // 13 donations for one view, and none without a view.
        Assert.Equal("12600 2 1 13", await database.Db.One<string>($"select concat_ws(' ', a.total_raised_cfa, a.donor_count, a.view_count, trim_scale(a.conversion_rate)) from wolo.pot_analytics a where a.pot_id = {pot}", Ct));
        Assert.Equal("0 0 0", await database.Db.One<string>($"select concat_ws(' ', a.total_raised_cfa, a.donor_count, a.view_count, a.conversion_rate) from wolo.pot_analytics a where a.pot_id = {empty}", Ct));
        await Refund(refunded, 600);
        Assert.Equal(12000, await database.Db.One<long>($"select a.total_raised_cfa from wolo.pot_analytics a where a.pot_id = {pot}", Ct));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select (select count(*) from wolo.pot_analytics) + (select count(*) from giving.pot_figures)", Ct));
    }

    [Fact]
    public async Task Donations_by_day_week_and_month_are_right()
    {
        // A month of which nothing else is.
        await using var app = new Writers();
        await app.InitializeAsync();
        var (owner, dakar) = (await app.Customer(), await app.Customer());
        await app.Db.Run($"update customers.customers set state = 'Dakar' where id = {dakar}", Ct);
        var pot = await app.Db.One<Guid>($"insert into wolo.pots (owner_user_id, title, target_amount_cfa, birthday_date) values ({owner}, 'Awa', 900000, current_date + 9) returning id", Ct);
        await app.Db.Run($"""
            insert into wolo.donations (pot_id, donor_user_id, amount_cfa, initiated_at)
            values ({pot}, {dakar}, 1000, '2026-03-02 00:00Z'), ({pot}, {dakar}, 3000, '2026-03-08 23:59Z'), ({pot}, null, 500, '2026-03-09 10:00Z'), ({pot}, null, 9000, '2026-03-09 11:00Z'), ({pot}, null, 40, '2026-03-09 12:00Z')
            """, Ct);
        await app.Db.Run($"update wolo.donations set status = case amount_cfa when 9000 then 'failed' else 'succeeded' end where pot_id = {pot} and amount_cfa <> 40", Ct);
        await app.Db.Run($"insert into wolo.refunds (donation_id, amount_cfa, reason) select d.id, 300, 'fraud' from wolo.donations d where d.amount_cfa = 500", Ct);
        Assert.Equal(
            [
                "daily 2026-03-02 2026-03-02 1000 1 1 1000 1.00 {\"Dakar\": 1000}",
                "daily 2026-03-08 2026-03-08 3000 1 1 3000 1.00 {\"Dakar\": 3000}",
                "daily 2026-03-09 2026-03-09 200 1 1 200 0.50 {\"unknown\": 200}",
                "monthly 2026-03-01 2026-03-31 4200 3 2 1400 0.75 {\"Dakar\": 4000, \"unknown\": 200}",
                "weekly 2026-03-02 2026-03-08 4000 2 1 2000 1.00 {\"Dakar\": 4000}",
                "weekly 2026-03-09 2026-03-15 200 1 1 200 0.50 {\"unknown\": 200}",
            ],
            await app.Db.List<string>($"""
                select concat_ws(' ', a.period_type, a.period_start, a.period_end, a.total_amount_cfa, a.transaction_count, a.unique_donors, a.average_donation_cfa, round(a.success_rate, 2), a.region_breakdown)
                from wolo.donation_analytics a order by 1
                """, Ct));
        Assert.Equal(6, await app.Db.One<long>($"select count(distinct a.id) from wolo.donation_analytics a", Ct));
        Assert.Equal(0, await app.For(app.Beta).One<long>($"select count(*) from wolo.donation_analytics", Ct));
    }

    [Fact]
    public async Task Defect_099_Amounts_have_room()
    {
        var pot = await Pot(10, 3_000_000_000);
        await Donate(pot, 2_000_000_000);
        Assert.Equal("open", await Status(pot));
        await Donate(pot, 2_000_000_000);
        Assert.Equal(("funded", 4_000_000_000), (await Status(pot), await database.Db.One<long>($"select f.raised_cfa from giving.pot_figures f where f.pot_id = {pot}", Ct)));
        Assert.Equal("23514", await Writers.Refusal(Pot(10, 0)));
    }

    [Fact]
    public async Task Defect_101_A_conversion_and_a_preferred_pack_point_at_what_there_is()
    {
        var sponsor = await database.Customer();
        var pot = await Pot(10);
        await database.Db.Run($"insert into wolo.points_ledger (sponsor_user_id, event_type, points_earned, status) values ({sponsor}, 'pot_opened', 50, 'matured')", Ct);
        Task<long> Convert(Guid into) =>
            database.Db.Run($"insert into wolo.points_conversions (sponsor_user_id, points_converted, credits_issued, conversion_rate, applied_to_pot_id) values ({sponsor}, 10, 100, 10, {into})", Ct);
        Assert.Equal("23503", await Writers.Refusal(Convert(Guid.NewGuid())));
        Assert.Equal(50, await database.Db.One<long>($"select growth.points_balance({sponsor})", Ct));
        await Convert(pot);
        Assert.Equal("0 100", await database.Db.One<string>($"select concat_ws(' ', f.raised_cfa, f.credits_cfa) from giving.pot_figures f where f.pot_id = {pot}", Ct));
        Assert.Equal("23503", await Writers.Refusal(database.Db.Run($"update wolo.pots set preferred_pack_id = {Guid.NewGuid()} where id = {pot}", Ct)));
        Assert.Equal("23503", await Writers.Refusal(database.Db.Run($"insert into wolo.packs (name, description, category, base_price_cfa, partner_id) values ('P', '', 'spa', 5, {Guid.NewGuid()})", Ct)));
        var theirs = await database.For(database.Beta).One<Guid>($"insert into wolo.packs (name, description, category, base_price_cfa) values ('P', '', 'spa', 5) returning id", Ct);
        Assert.Equal("23503", await Writers.Refusal(database.Db.Run($"update wolo.pots set preferred_pack_id = {theirs} where id = {pot}", Ct)));
    }

    [Fact]
    public async Task A_pot_takes_donations_on_its_own_terms()
    {
        var pot = await Pot(10);
        await database.Db.Run($"update wolo.pots set allow_anonymous_donations = false, enable_messages = false where id = {pot}", Ct);
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into wolo.donations (pot_id, amount_cfa, is_anonymous) values ({pot}, 5, true)", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into wolo.donations (pot_id, amount_cfa, donation_message) values ({pot}, 5, 'hi')", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into wolo.donations (pot_id, amount_cfa) values ({pot}, 0)", Ct)));
        Assert.Equal("CL001", await Writers.Refusal(Donate(await Pot(60), 5)));
        Assert.Equal("23503", await Writers.Refusal(database.For(database.Beta).Run($"insert into wolo.donations (pot_id, amount_cfa) values ({pot}, 5)", Ct)));
    }

    [Fact]
    public async Task Defect_102_An_erasure_keeps_the_donation_and_not_the_donor()
    {
        var (pot, donor) = (await Pot(10), await database.Customer());
        var donation = await Donate(pot, 2500, donor);
        await database.Db.Run($"update wolo.donations set donor_name = 'Awa', donor_phone = '+221770001122', donation_message = 'hi', ip_address = '10.0.0.1' where id = {donation}", Ct);
        var owned = await Pot(20, owner: donor);
        await database.Db.Run($"insert into wolo.referrals (sponsor_user_id, invited_phone, invitation_message) values ({donor}, '+221778889900', 'come')", Ct);
        await database.Db.Run($"select customers.erase({donor})", Ct);
        Assert.Equal("2500 succeeded", await database.Db.One<string>($"""
            select concat_ws(' ', d.amount_cfa, d.status, d.donor_name, d.donor_phone, d.donation_message, d.ip_address) from wolo.donations d where d.donor_user_id = {donor}
            """, Ct));
        Assert.Equal(2500, await database.Db.One<long>($"select f.raised_cfa from giving.pot_figures f where f.pot_id = {pot}", Ct));
        Assert.Equal("", await database.Db.One<string>($"select p.title from wolo.pots p where p.id = {owned}", Ct));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from wolo.donations", Ct));
    }
}
