using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Growth.Tests;

/// <summary>Invitations: their place in the day, who may be invited, acceptance and expiry.</summary>
public sealed class ReferralTests(Writers database) : IClassFixture<Writers>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Phone() => "+22177" + Random.Shared.Next(1_000_000, 9_999_999);

    private Task<Guid> Invite(Guid sponsor, string? phone = null) =>
        database.Db.One<Guid>($"insert into wolo.referrals (sponsor_user_id, invited_phone) values ({sponsor}, {phone ?? Phone()}) returning id", Ct);

    [Fact]
    public async Task Defect_083_Of_eighty_tries_by_8_writers_exactly_fifty_are_sent()
    {
        var (sponsor, other, theirs) = (await database.Customer(), await database.Customer(), await database.Customer(database.Beta));
        var numbers = Enumerable.Range(1_000_000, 80).Select(n => $"+22176{n}").ToArray();
        var results = await Writers.Eight(10, n => Invite(sponsor, numbers[n]));

        Assert.Equal(50, results.Count(r => r is null));
        Assert.Equal(30, results.Count(r => r == "CL003"));
        Assert.Equal(Enumerable.Range(1, 50), await database.Db.List<int>($"select r.invitation_order from wolo.referrals r where r.sponsor_user_id = {sponsor} order by 1", Ct));
        Assert.Equal("50 50", await database.Db.One<string>($"""
            select concat_ws(' ', l.invitations_sent_today, (select count(*) from growth.referrals r where r.daily_limit_id = l.id)) from growth.sponsor_daily_limits l where l.sponsor_id = {sponsor}
            """, Ct));
        // Nobody else's day is touched, in this organization or the other.
        await Invite(other);
        await database.For(database.Beta).Run($"insert into growth.referrals (sponsor_id, invited_phone) values ({theirs}, '+221770000001')", Ct);
        Assert.Equal(1, await database.For(database.Beta).One<int>($"select r.invitation_order from growth.referrals r", Ct));
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from growth.referrals r where r.sponsor_id = {theirs}", Ct));
    }

    [Fact]
    public async Task Defect_083_A_rollback_gives_the_place_back_and_no_hand_writes_the_counter()
    {
        var sponsor = await database.Customer();
        await Assert.ThrowsAsync<InvalidOperationException>(() => database.Db.InTransaction(async t =>
        {
            await t.Run($"insert into growth.referrals (sponsor_id, invited_phone) values ({sponsor}, {Phone()})", Ct);
            throw new InvalidOperationException();
        }, Ct));
        await Invite(sponsor);
        Assert.Equal(1, await database.Db.One<int>($"select l.invitations_sent_today from wolo.sponsor_daily_limits l where l.sponsor_user_id = {sponsor}", Ct));

        Assert.Equal("CL006", await Writers.Refusal(database.Db.Run($"update wolo.sponsor_daily_limits set invitations_sent_today = 0 where sponsor_user_id = {sponsor}", Ct)));
        Assert.Equal("CL006", await Writers.Refusal(database.Db.Run($"insert into wolo.sponsor_daily_limits (sponsor_user_id, limit_date, invitations_sent_today) values ({sponsor}, '2020-01-01', 5)", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"update wolo.sponsor_daily_limits set max_invitations_per_day = 51 where sponsor_user_id = {sponsor}", Ct)));
        Assert.Equal("CL006", await Writers.Refusal(database.Db.Run($"update wolo.referrals set invitation_order = 2 where sponsor_user_id = {sponsor}", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"delete from wolo.referrals where sponsor_user_id = {sponsor}", Ct)));
    }

    [Fact]
    public async Task Defect_081_108_The_day_is_the_organizations_whatever_zone_a_session_is_in()
    {
        var sponsor = await database.Customer(database.Beta);
        var beta = database.For(database.Beta);
        // Fourteen hours ahead of UTC and eleven behind: for most of a day these two have another date.
        foreach (var zone in new[] { "Pacific/Kiritimati", "Pacific/Pago_Pago" })
        {
            await beta.Run($"update platform.organizations set time_zone = {zone}", Ct);
            var isTheirs = await beta.InTransaction(async t =>
            {
                await t.Run($"set local time zone 'Asia/Tokyo'", Ct);
                await t.Run($"insert into growth.referrals (sponsor_id, invited_phone) values ({sponsor}, {Phone()})", Ct);
                return await t.Find<bool>($"""
                    select l.next_reset_at = ((l.limit_date + 1)::timestamp at time zone {zone}) and now() between l.last_reset_at and l.next_reset_at
                    from wolo.sponsor_daily_limits l where l.sponsor_user_id = {sponsor} and l.limit_date = (now() at time zone {zone})::date
                    """, Ct);
            }, Ct);
            Assert.True(isTheirs, zone);
        }
        // Two dates, one total: it is summed, not repeated by hand in each day.
        Assert.Equal(2, await beta.One<long>($"select max(l.total_lifetime_invitations) from wolo.sponsor_daily_limits l where l.sponsor_user_id = {sponsor}", Ct));
        await beta.Run($"update platform.organizations set time_zone = 'UTC'", Ct);
    }

    [Fact]
    public async Task Days_in_a_row_are_counted_back_from_the_day_asked_for()
    {
        var sponsor = await database.Customer();
        await using var behind = await database.OpenSuperuser();
        await using (var replica = new NpgsqlCommand("set session_replication_role = replica", behind)) await replica.ExecuteNonQueryAsync(Ct);
        await using (var command = new NpgsqlCommand("""
            insert into growth.sponsor_daily_limits (organization_id, sponsor_id, limit_date, invitations_sent_today)
            select $1, $2, d, n from (values (date '2026-01-01', 3), ('2026-01-03', 1), ('2026-01-04', 2), ('2026-01-05', 0), ('2026-01-06', 4)) as v (d, n)
            """, behind) { Parameters = { new() { Value = database.Alpha.OrganizationId! }, new() { Value = sponsor } } }) await command.ExecuteNonQueryAsync(Ct);
        Assert.Equal(["1 3", "1 4", "2 6", "0 6", "1 10"], await database.Db.List<string>($"""
            select concat_ws(' ', l.consecutive_active_days, l.total_lifetime_invitations) from wolo.sponsor_daily_limits l where l.sponsor_user_id = {sponsor} order by l.limit_date
            """, Ct));
    }

    [Fact]
    public async Task Defect_084_Batches_are_half_open_and_do_not_overlap()
    {
        var (sponsor, other, theirs) = (await database.Customer(), await database.Customer(), await database.Customer(database.Beta));
        Task<long> Batch(Guid of, int number, int start, int end) =>
            database.Db.Run($"insert into wolo.sponsor_contact_batches (sponsor_user_id, batch_number, start_position, end_position) values ({of}, {number}, {start}, {end})", Ct);

        await Batch(sponsor, 1, 0, 50);
        await Batch(sponsor, 2, 50, 51);
        Assert.Equal("23514", await Writers.Refusal(Batch(sponsor, 3, 60, 60)));
        Assert.Equal("23514", await Writers.Refusal(Batch(sponsor, 3, 60, 111)));
        Assert.Equal("23514", await Writers.Refusal(Batch(sponsor, 3, -1, 5)));
        Assert.Equal("23P01", await Writers.Refusal(Batch(sponsor, 3, 0, 50)));
        Assert.Equal("23P01", await Writers.Refusal(Batch(sponsor, 3, 49, 52)));
        Assert.Equal("23505", await Writers.Refusal(Batch(sponsor, 2, 100, 101)));
        // Of eight who take the same stretch, one gets it.
        Assert.Equal(1, (await Writers.Eight(1, n => Batch(sponsor, 10 + n, 200, 250))).Count(r => r is null));
        await Batch(other, 1, 0, 50);
        await database.For(database.Beta).Run($"insert into growth.sponsor_contact_batches (sponsor_id, start_position, end_position) values ({theirs}, 0, 50)", Ct);

        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.sponsor_contact_batches set status = 'sent' where sponsor_user_id = {other}", Ct)));
        await database.Db.Run($"update wolo.sponsor_contact_batches set status = 'selected', selected_count = 50 where sponsor_user_id = {other}", Ct);
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"update wolo.sponsor_contact_batches set sent_count = 51 where sponsor_user_id = {other}", Ct)));
        Assert.Equal(1, await database.Db.Run($"update wolo.sponsor_contact_batches set status = 'sent', sent_count = 50 where sponsor_user_id = {other}", Ct));
    }

    [Fact]
    public async Task Defect_088_Nobody_sponsors_themselves_and_one_contact_has_one_open_invitation()
    {
        var (sponsor, friend) = (await database.Customer(), await database.Customer());
        await database.Db.Run($"update customers.customers set email = 'awa@example.org' where id = {sponsor}", Ct);
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into wolo.referrals (sponsor_user_id, invited_email) values ({sponsor}, 'AWA@example.org')", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into wolo.referrals (sponsor_user_id) values ({sponsor})", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"insert into wolo.referrals (sponsor_user_id, invited_phone) values ({sponsor}, '77 123')", Ct)));

        var first = await Invite(sponsor, "+221 77 123-45-67");
        Assert.Equal("23505", await Writers.Refusal(Invite(sponsor, "+221771234567")));
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"update wolo.referrals set status = 'sent' where id = {await Declined(first)}", Ct)));
        var second = await Invite(sponsor, "+221771234567");
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"update wolo.referrals set status = 'accepted', sponsored_user_id = {sponsor} where id = {second}", Ct)));
        Assert.Equal("23514", await Writers.Refusal(database.Db.Run($"update wolo.referrals set status = 'accepted' where id = {second}", Ct)));
        await database.Db.Run($"update wolo.referrals set status = 'accepted', sponsored_user_id = {friend} where id = {second}", Ct);
        Assert.True(await database.Db.One<bool>($"select r.accepted_at is not null from jyotiflow.referrals r where r.referrer_user_id = {sponsor} and r.status = 'accepted'", Ct));
        // Eight at once invite the same person: one invitation is open.
        Assert.Equal(1, (await Writers.Eight(1, _ => Invite(sponsor, "+221779999999"))).Count(r => r is null));

        async Task<Guid> Declined(Guid id)
        {
            await database.Db.Run($"update wolo.referrals set status = 'declined' where id = {id}", Ct);
            return id;
        }
    }

    [Fact]
    public async Task Defect_088_106_An_invitation_runs_out_after_seven_days_and_stands_in_nobodys_way()
    {
        var (sponsor, friend) = (await database.Customer(), await database.Customer());
        var old = await database.Db.One<Guid>($"""
            insert into wolo.referrals (sponsor_user_id, referral_code, invited_phone, sent_at, expired_at)
            values ({sponsor}, 'OLDCODE', '+221770001111', now() - interval '8 days', now() - interval '1 day') returning id
            """, Ct);
        Assert.Equal("CL001", await Writers.Refusal(database.Db.Run($"select growth.accept_referral('OLDCODE', {friend})", Ct)));
        var next = await Invite(sponsor, "+221770001111");
        Assert.Equal("expired", await database.Db.One<string>($"select r.status from wolo.referrals r where r.id = {old}", Ct));
        Assert.Equal(TimeSpan.FromDays(7), await database.Db.One<TimeSpan>($"select r.expired_at - r.sent_at from wolo.referrals r where r.id = {next}", Ct));

        await database.Db.Run($"""
            insert into wolo.referrals (sponsor_user_id, invited_phone, sent_at, expired_at) values ({sponsor}, '+221770002222', now() - interval '8 days', now() - interval '1 day')
            """, Ct);
        Assert.Equal(1, await database.Db.One<long>($"select growth.expire_referrals()", Ct));
        Assert.Equal(0, await database.Db.One<long>($"select growth.expire_referrals()", Ct));
        Assert.Equal("sent", await database.Db.One<string>($"select r.status from wolo.referrals r where r.id = {next}", Ct));
    }

    [Fact]
    public async Task A_code_is_accepted_once_and_the_log_tells_of_it()
    {
        var sponsor = await database.Customer();
        var referral = await Invite(sponsor);
        var code = await database.Db.One<string>($"select r.referral_code from wolo.referrals r where r.id = {referral}", Ct);
        var friends = new List<Guid>();
        for (var i = 0; i < 8; i++) friends.Add(await database.Customer());

        // The same code in another organization is another code.
        Assert.Equal("CL001", await Writers.Refusal(database.For(database.Beta).Run($"select growth.accept_referral({code}, {await database.Customer(database.Beta)})", Ct)));
        var results = await Writers.Eight(1, n => database.Db.Run($"select growth.accept_referral({code}, {friends[n]})", Ct));
        Assert.Equal((1, 7), (results.Count(r => r is null), results.Count(r => r == "CL001")));
        Assert.Equal(["sent→accepted"], await database.Db.List<string>($"""
            select (e.properties ->> 'from') || '→' || (e.properties ->> 'to') from log.events e where e.event_type = 'referral_changed' and e.customer_id = {sponsor}
            """, Ct));
    }

    [Fact]
    public async Task A_day_stays_the_sponsors_and_a_merge_may_move_it()
    {
        var (sponsor, other) = (await database.Customer(), await database.Customer());
        await Invite(sponsor);
        var key = database.For(database.Alpha with { Access = Access.Key });
        foreach (var change in new[] { "limit_date = limit_date - 1", $"sponsor_id = '{other}'", "id = gen_random_uuid()", $"organization_id = '{database.Beta.OrganizationId}'" })
            Assert.Equal("42501", await Writers.Refusal(key.Run($"update growth.sponsor_daily_limits set {Sql.Composed(change)} where sponsor_id = {sponsor}", Ct)));
        // A person sets a lower limit and where the next batch begins.
        await key.Run($"update growth.sponsor_daily_limits set max_invitations_per_day = 1, current_batch_start = 50 where sponsor_id = {sponsor}", Ct);
        Assert.Equal("CL003", await Writers.Refusal(key.Run($"insert into growth.referrals (sponsor_id, invited_phone) values ({sponsor}, {Phone()})", Ct)));

        await database.Db.Run($"select customers.merge({other}, {sponsor}, 'same')", Ct);
        Assert.Equal(1, await database.Db.One<int>($"select l.invitations_sent_today from growth.sponsor_daily_limits l where l.sponsor_id = {other}", Ct));
    }

    [Fact]
    public async Task Whoever_is_named_by_an_open_invitation_can_be_erased()
    {
        var (sponsor, friend) = (await database.Customer(), await database.Customer());
        var referral = await database.Db.One<Guid>($"insert into growth.referrals (sponsor_id, sponsored_id, invited_phone, invited_name) values ({sponsor}, {friend}, {Phone()}, 'Awa') returning id", Ct);
        await database.Db.Run($"select customers.erase({friend})", Ct);
        Assert.Equal("sent t", await database.Db.One<string>($"select concat_ws(' ', r.status, num_nonnulls(r.invited_phone, r.invited_email, r.invited_name) = 0) from growth.referrals r where r.id = {referral}", Ct));
    }
}
