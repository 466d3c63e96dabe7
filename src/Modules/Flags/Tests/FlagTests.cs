using Clientele.Testing;
using Clientele.Platform.Tenancy;

namespace Clientele.Flags.Tests;

/// <summary>Flags: one for each environment and workspace, their history, and rollouts.</summary>
public sealed class FlagTests(Writers database) : IClassFixture<Writers>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Key() => "flag_" + Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Defect_097_A_key_is_one_flag_in_each_environment()
    {
        var key = Key();
        Task<long> Flag(string environment) => database.Db.Run($"insert into wolo.feature_flags (flag_key, name, environment) values ({key}, 'F', {environment})", Ct);
        await Flag("production");
        await Flag("staging");
        Assert.Equal("23505", await Writers.Refusal(Flag("staging")));
        Assert.Equal("23514", await Writers.Refusal(Flag("attic")));
        await database.For(database.Beta).Run($"insert into jyotiflow.feature_flags (flag_key) values ({key})", Ct);
        Assert.Equal(2, await database.Db.One<long>($"select count(*) from wolo.feature_flags f where f.flag_key = {key}", Ct));
    }

    [Fact]
    public async Task Defect_095_097_Of_eight_who_make_the_organizations_flag_one_does()
    {
        // Its workspace is null: nulls count as equal here.
        var key = Key();
        var results = await Writers.Eight(1, _ => database.Db.Run($"insert into assistant.organization_feature_flags (flag_key) values ({key})", Ct));
        Assert.Equal((1, 7), (results.Count(r => r is null), results.Count(r => r == "23505")));
        await database.For(database.Beta).Run($"insert into assistant.organization_feature_flags (flag_key) values ({key})", Ct);
    }

    [Fact]
    public async Task A_workspaces_flag_goes_before_the_organizations()
    {
        var key = Key();
        var workspace = database.Alpha.WorkspaceId ?? await database.Db.One<Guid>($"select w.id from platform.workspaces w limit 1", Ct);
        Task<bool> On(Guid? at) => database.Db.One<bool>($"select flags.is_enabled({key}, 'somebody', {at})", Ct);

        Assert.False(await On(workspace));
        await database.Db.Run($"insert into assistant.organization_feature_flags (flag_key, enabled) values ({key}, true)", Ct);
        Assert.True(await On(workspace));
        await database.Db.Run($"insert into assistant.customer_feature_flags (customer_id, flag_key, enabled) values ({workspace}, {key}, false)", Ct);
        Assert.Equal((false, true), (await On(workspace), await On(null)));
        Assert.Equal("23503", await Writers.Refusal(database.For(database.Beta).Run($"insert into assistant.customer_feature_flags (customer_id, flag_key) values ({workspace}, {key})", Ct)));
        // Each view shows its own, and takes no other.
        Assert.Equal("1 1 1", await database.Db.One<string>($"""
            select concat_ws(' ', (select count(*) from assistant.customer_feature_flags f where f.flag_key = {key}),
                                  (select count(*) from assistant.organization_feature_flags f where f.flag_key = {key}),
                                  (select count(*) from wolo.feature_flags f where f.flag_key = {key}))
            """, Ct));
        Assert.Equal("44000", await Writers.Refusal(database.Db.Run($"insert into assistant.customer_feature_flags (customer_id, flag_key) values (null, {Key()})", Ct)));
    }

    [Fact]
    public async Task Defect_123_124_Every_change_of_a_flag_is_told_with_who_and_why()
    {
        var key = Key();
        var staff = await database.Service.One<Guid>($"insert into platform.platform_users (email, name) values ({key + "@staff.example"}, 'Ada') returning id", Ct);
        await database.Service.Run($"insert into platform.organization_members (organization_id, user_id, role) values ({database.Alpha.OrganizationId}, {staff}, 'viewer')", Ct);
        var ada = database.For(database.Alpha with { ActorId = staff, Access = Access.Member });
        await ada.Run($"insert into assistant.organization_feature_flags (flag_key) values ({key})", Ct);
        await ada.InTransaction(async t =>
        {
            await t.Run($"select set_config('clientele.reason', 'launch', true)", Ct);
            await t.Run($"update assistant.organization_feature_flags set enabled = true where flag_key = {key}", Ct);
        }, Ct);
        await ada.Run($$"""update assistant.organization_feature_flags set configuration = '{"limit": 3}' where flag_key = {{key}}""", Ct);
        await ada.Run($"update assistant.organization_feature_flags set flag_key = flag_key where flag_key = {key}", Ct);
        await database.Db.Run($"update assistant.organization_feature_flags set enabled = false where flag_key = {key}", Ct);

        Assert.Equal(
            [
                "organization config_updated Ada -",
                """organization enabled Ada launch {"is_enabled": false} {"is_enabled": true}""",
                """organization config_updated Ada - {"configuration": null} {"configuration": {"limit": 3}}""",
                """organization disabled - - {"is_enabled": true} {"is_enabled": false}""",
            ],
            await database.Db.List<string>($"""
                select concat_ws(' ', c.flag_type, c.change_type, coalesce(u.name, '-'), coalesce(c.reason, '-'), c.old_value, case when c.old_value is not null then c.new_value end)
                from assistant.feature_flag_changes c left join platform.platform_users u on u.id = {staff} and c.changed_by = u.id
                join assistant.organization_feature_flags f on f.id = c.flag_id and f.flag_key = {key} order by c.changed_at
                """, Ct));
        Assert.True(await database.Db.One<bool>($"select f.enabled_at < f.disabled_at from assistant.organization_feature_flags f where f.flag_key = {key}", Ct));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from flags.feature_flag_changes c where c.flag_key = {key}", Ct));

        // A deleted flag leaves its history; nobody writes that history but the flags.
        await database.Db.Run($"delete from assistant.organization_feature_flags where flag_key = {key}", Ct);
        Assert.Equal(5, await database.Db.One<long>($"select count(*) from flags.feature_flag_changes c where c.flag_key = {key} and c.flag_id is null", Ct));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"update flags.feature_flag_changes set reason = 'x' where flag_key = {key}", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"delete from flags.feature_flag_changes where flag_key = {key}", Ct)));
        Assert.Equal("42501", await Writers.Refusal(database.Db.Run($"insert into flags.feature_flag_changes (flag_key, environment, change_type) values ({key}, 'production', 'enabled')", Ct)));
        Assert.Equal("23503", await Writers.Refusal(database.Db.Run($"insert into wolo.feature_flags (flag_key, name, created_by_user_id) values ({Key()}, 'F', {Guid.NewGuid()})", Ct)));
        // Who leaves does not take the history along.
        await database.Service.Run($"delete from platform.platform_users where id = {staff}", Ct);
        Assert.Equal(5, await database.Db.One<long>($"select count(*) from flags.feature_flag_changes c where c.flag_key = {key} and c.changed_by is null", Ct));
    }

    [Theory]
    [InlineData("boolean", "true", null)]
    [InlineData("boolean", "\"yes\"", "23514")]
    [InlineData("number", "3", null)]
    [InlineData("number", "\"3\"", "23514")]
    [InlineData("string", "\"blue\"", null)]
    [InlineData("json", "[1, 2]", null)]
    [InlineData("colour", "\"blue\"", "23514")]
    public async Task A_value_is_of_the_flags_type(string type, string value, string? refused) =>
        Assert.Equal(refused, await Writers.Refusal(database.Db.Run($"insert into wolo.feature_flags (flag_key, name, flag_type, flag_value) values ({Key()}, 'F', {type}, {value}::jsonb)", Ct)));

    [Fact]
    public async Task Defect_118_A_rollout_is_a_percentage_in_order_and_one_is_active()
    {
        var (key, admin) = (Key(), database.For(database.Alpha with { Access = Access.Admin }));
        Task<Guid> Rollout(int percentage, string start = "2026-01-01", string? end = null) => admin.One<Guid>($"""
            insert into assistant.feature_rollouts (flag_key, rollout_percentage, start_date, end_date) values ({key}, {percentage}, {start}::date, {end}::date) returning id
            """, Ct);
        Task<long> Set(Guid id, string status) => admin.Run($"update assistant.feature_rollouts set status = {status} where id = {id}", Ct);

        Assert.Equal("23514", await Writers.Refusal(Rollout(500)));
        Assert.Equal("23514", await Writers.Refusal(Rollout(-1)));
        Assert.Equal("23514", await Writers.Refusal(Rollout(10, "2026-02-01", "2026-01-01")));
        var plans = new List<Guid>();
        for (var i = 0; i < 8; i++) plans.Add(await Rollout(10));
        Assert.Equal("CL001", await Writers.Refusal(Set(plans[0], "paused")));

        var results = await Writers.Eight(1, n => Set(plans[n], "active"));
        Assert.Equal((1, 7), (results.Count(r => r is null), results.Count(r => r == "23505")));
        var active = plans[results.IndexOf(null)];
        await Set(active, "paused");
        await Set(active, "active");
        await Set(active, "completed");
        Assert.Equal("CL001", await Writers.Refusal(Set(active, "active")));

        // Administrators only.
        Assert.Equal(0, await database.For(database.Alpha with { Access = Access.Member }).One<long>($"select count(*) from assistant.feature_rollouts", Ct));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from assistant.feature_rollouts", Ct));
    }

    [Fact]
    public async Task A_rollout_is_stable_even_and_only_grows()
    {
        // 20,000 people: the share that is in lies within 1.5 percentage points, five standard deviations and more.
        var shares = await database.Db.One<string>($"""
            select concat_ws(' ', bool_and(not ten or twenty), abs(avg(ten::int) - 0.1) < 0.015, abs(avg(twenty::int) - 0.2) < 0.015, abs(avg((ten and other)::int) - 0.01) < 0.005,
                             bool_or(none), bool_and(every), bool_and(ten = flags.in_rollout('new_cart', 'p' || n, 10)))
            from (select n, flags.in_rollout('new_cart', 'p' || n, 10) as ten, flags.in_rollout('new_cart', 'p' || n, 20) as twenty, flags.in_rollout('other', 'p' || n, 10) as other,
                         flags.in_rollout('new_cart', 'p' || n, 0) as none, flags.in_rollout('new_cart', 'p' || n, 100) as every
                  from generate_series(1, 20000) as n) as p
            """, Ct);
        Assert.Equal("t t t t f t t", shares);

        var key = Key();
        await database.Db.Run($"insert into wolo.feature_flags (flag_key, name, is_enabled, rollout_percentage) values ({key}, 'F', true, 30)", Ct);
        var inFlag = await database.Db.One<long>($"select count(*) from generate_series(1, 300) as n where flags.is_enabled({key}, 'p' || n)", Ct);
        Assert.InRange(inFlag, 50, 130);
        // The active rollout's percentage goes before the flag's own.
        await database.Db.Run($"insert into assistant.feature_rollouts (flag_key, rollout_percentage) values ({key}, 100)", Ct);
        await database.Db.Run($"update assistant.feature_rollouts set status = 'active' where flag_key = {key}", Ct);
        Assert.Equal(300, await database.Db.One<long>($"select count(*) from generate_series(1, 300) as n where flags.is_enabled({key}, 'p' || n)", Ct));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from generate_series(1, 300) as n where flags.is_enabled({key}, 'p' || n)", Ct));
    }
}
