using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

/// <summary>Settings: the catalogue's defaults, an organization's own values, their types and rules, and their history.</summary>
public sealed class SettingTests(SettingTests.Database database) : IClassFixture<SettingTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Db Alpha => database.Db;

    private Db Beta => database.For(database.Beta);

    private static async Task<T> Value<T>(Db db, string key, string environment = "production") =>
        (await db.One<JsonElement>($"select platform.setting({key}, {environment})", Ct)).Deserialize<T>()!;

    private sealed record Default(string SettingKey, string SettingValue, string Category, string SettingType, string DataType, string Kind);

    [Fact]
    public async Task Defect_074_The_defaults_are_of_the_type_and_kind_of_their_values()
    {
        // What other tests have set is theirs.
        await database.Service.Run($"delete from platform.setting_values v where v.organization_id = {database.Beta.OrganizationId}", Ct);
        var defaults = await Beta.List<Default>($"""
            select s.setting_key, s.setting_value::text as setting_value, s.category, s.setting_type, s.data_type, jsonb_typeof(s.setting_value) as kind from cdp.system_settings s
            where s.setting_key !~ '^(collection|files)\.' -- these have tests of their own
            order by 1
            """, Ct);
        Assert.Equal(
            [
                ("campaign.max_recipients", "100000", "limits", "limit"), ("cohort.max_retention_periods", "24", "limits", "limit"),
                ("email.default_sender_name", "\"CDP Platform\"", "email", "config"),
                ("features.advanced_analytics", "true", "features", "feature_flag"), ("features.external_integrations", "true", "features", "feature_flag"),
                ("platform.max_dashboard_tiles", "50", "limits", "limit"), ("platform.max_segments_per_user", "100", "limits", "limit"),
                ("platform.session_timeout_hours", "24", "security", "limit"),
            ],
            defaults.Select(d => (d.SettingKey, d.SettingValue, d.Category, d.SettingType)));
        Assert.All(defaults, d => Assert.Equal(d.Kind, d.DataType));
        Assert.Equal(7, await Beta.One<long>($"select count(*) from cdp.system_settings s where s.data_type <> 'string' and s.setting_key !~ '^(collection|files)\\.'", Ct));
    }

    [Theory]
    [InlineData("platform.max_dashboard_tiles", 1000)]
    [InlineData("platform.max_segments_per_user", 10_000)]
    [InlineData("campaign.max_recipients", 10_000_000)]
    [InlineData("cohort.max_retention_periods", 120)]
    public async Task A_limit_has_a_limit(string key, int most)
    {
        await Expect.Refused(Expect.Check, () => Beta.Run($"update cdp.system_settings s set setting_value = to_jsonb({most + 1}) where s.setting_key = {key}", Ct));
        await Beta.InTransaction(async t =>
        {
            Assert.Equal(1, await t.Run($"update cdp.system_settings s set setting_value = to_jsonb({most}) where s.setting_key = {key}", Ct));
            Assert.Equal(1, await t.Run($"delete from cdp.system_settings s where s.setting_key = {key}", Ct));
        }, Ct);
    }

    [Fact]
    public async Task A_value_of_ones_own_stands_before_the_default_until_it_is_deleted()
    {
        Assert.Equal(1, await Alpha.Run($"update cdp.system_settings s set setting_value = '60', change_reason = 'bigger screens' where s.setting_key = 'platform.max_dashboard_tiles'", Ct));
        Assert.Equal((60, 50), (await Value<int>(Alpha, "platform.max_dashboard_tiles"), await Value<int>(Beta, "platform.max_dashboard_tiles")));
        Assert.Equal(1, await Alpha.Run($"update cdp.system_settings s set setting_value = '70' where s.setting_key = 'platform.max_dashboard_tiles'", Ct));
        Assert.Equal(1, await Alpha.One<long>($"select count(*) from cdp.system_settings s where s.setting_key = 'platform.max_dashboard_tiles'", Ct));
        Assert.Equal(1, await Alpha.Run($"delete from cdp.system_settings s where s.setting_key = 'platform.max_dashboard_tiles'", Ct));
        Assert.Equal(50, await Value<int>(Alpha, "platform.max_dashboard_tiles"));
        await Expect.Refused(Expect.NotWritable, () => Alpha.Run($"delete from cdp.system_settings s where s.setting_key = 'platform.max_dashboard_tiles'", Ct));
    }

    [Fact]
    public async Task Defect_054_097_Each_environment_has_its_own_value_and_one()
    {
        await Alpha.Run($"insert into cdp.system_settings (setting_key, setting_value) values ('email.default_sender_name', '\"Alpha\"')", Ct);
        await Alpha.Run($"insert into wolo.system_config (config_key, config_value, data_type, environment) values ('email.default_sender_name', '\"Alpha staging\"', 'string', 'staging')", Ct);
        await Expect.Refused(Expect.Duplicate, () => Alpha.Run($"insert into wolo.system_config (config_key, config_value, data_type, environment) values ('email.default_sender_name', '\"x\"', 'string', 'staging')", Ct));
        await Expect.Refused(Expect.Duplicate, () => Alpha.Run($"insert into cdp.system_settings (setting_key, setting_value) values ('email.default_sender_name', '\"x\"')", Ct));
        Assert.Equal(("Alpha", "Alpha staging"), (await Value<string>(Alpha, "email.default_sender_name"), await Value<string>(Alpha, "email.default_sender_name", "staging")));
        Assert.Equal("CDP Platform", await Value<string>(Beta, "email.default_sender_name", "staging"));
        await Beta.Run($"insert into cdp.system_settings (setting_key, setting_value) values ('email.default_sender_name', '\"Beta\"')", Ct);
    }

    [Theory]
    [InlineData("string", "3", "{}")]
    [InlineData("number", "\"3\"", "{}")]
    [InlineData("boolean", "1", "{}")]
    [InlineData("array", "{}", "{}")]
    [InlineData("object", "[]", "{}")]
    [InlineData("json", "null", "{}")]
    [InlineData("number", "-1", """{"min_value": 0}""")]
    [InlineData("number", "100.5", """{"max_value": 100}""")]
    [InlineData("string", "\"c\"", """{"allowed_values": ["a", "b"]}""")]
    [InlineData("string", "\"a b\"", """{"regex_pattern": "^[a-z]+$"}""")]
    [InlineData("string", "\"a\"", """{"regex_pattern": "("}""")]
    [InlineData("string", "\"a\"", """{"min_value": 1}""")]
    [InlineData("number", "1", """{"at_most": 3}""")]
    [InlineData("number", "1", "[]")]
    [InlineData("date", "\"2026-01-01\"", "{}")]
    public async Task A_value_that_breaks_its_type_or_rule_is_refused(string type, string value, string rules)
    {
        await Expect.Refused(Expect.Check, () => Alpha.Run($"""
            insert into cdp.system_settings (setting_key, setting_value, data_type, validation_rules) values ('probe.refused', {value}::jsonb, {type}, {rules}::jsonb)
            """, Ct));
        Assert.Empty(await Beta.List<string>($"select s.setting_key from cdp.system_settings s where s.setting_key = 'probe.refused'", Ct));
    }

    [Theory]
    [InlineData("string", "\"ab\"", """{"regex_pattern": "^[a-z]+$", "allowed_values": ["ab", "cd"]}""")]
    [InlineData("number", "0", """{"min_value": 0, "max_value": 0}""")]
    [InlineData("boolean", "false", "{}")]
    [InlineData("array", "[1]", """{"allowed_values": [[1]]}""")]
    [InlineData("object", "{}", "{}")]
    [InlineData("json", "[]", "{}")]
    public async Task A_value_that_keeps_them_is_taken(string type, string value, string rules)
    {
        var key = $"probe.taken.{type}";
        await Alpha.Run($"""
            insert into cdp.system_settings (setting_key, setting_value, data_type, validation_rules, category) values ({key}, {value}::jsonb, {type}, {rules}::jsonb, 'limits')
            """, Ct);
        Assert.Equal(value, await Alpha.One<string>($"select s.config_value::text from wolo.system_config s where s.config_key = {key}", Ct));
        Assert.False(await Beta.One<bool>($"select exists (select from wolo.system_config s where s.config_key = {key})", Ct));
    }

    [Fact]
    public async Task What_the_catalogue_says_of_a_setting_an_organization_cannot_loosen()
    {
        await Expect.Refused(Expect.Check, () => Alpha.Run($"update cdp.system_settings s set setting_value = '0' where s.setting_key = 'platform.session_timeout_hours'", Ct));
        await Expect.Refused(Expect.Check, () => Alpha.Run($$"""update cdp.system_settings s set setting_value = '0', validation_rules = '{}', data_type = 'json' where s.setting_key = 'platform.session_timeout_hours'""", Ct));
        await Expect.Refused(Expect.Check, () => Beta.Run($"insert into cdp.system_settings (setting_key, setting_value, environment) values ('platform.session_timeout_hours', '\"long\"', 'staging')", Ct));
        await Expect.Refused(Expect.NotWritable, () => Alpha.Run($"update cdp.system_settings s set setting_key = 'mine' where s.setting_key = 'platform.session_timeout_hours'", Ct));
    }

    [Fact]
    public async Task Every_change_is_kept_with_its_author_and_reason()
    {
        var author = await database.Service.One<Guid>($"select m.user_id from platform.organization_members m where m.organization_id = {database.Alpha.OrganizationId}", Ct);
        var admin = database.For(database.Alpha with { ActorId = author, Access = Access.Admin });
        await admin.Run($"insert into cdp.system_settings (setting_key, setting_value, data_type, change_reason) values ('probe.kept', '1', 'number', 'first')", Ct);
        await admin.Run($"update cdp.system_settings s set setting_value = '2', change_reason = 'second' where s.setting_key = 'probe.kept'", Ct);
        await admin.Run($"update cdp.system_settings s set description = 'only described' where s.setting_key = 'probe.kept'", Ct);
        await admin.Run($"delete from cdp.system_settings s where s.setting_key = 'probe.kept'", Ct);
        Assert.Equal(["null 1 first", "1 2 second", "2 null "], await admin.List<string>($"""
            select concat_ws(' ', coalesce(c.old_value::text, 'null'), coalesce(c.new_value::text, 'null'), coalesce(c.change_reason, ''))
            from platform.setting_changes c where c.setting_key = 'probe.kept' and c.changed_by = {author} order by c.changed_at
            """, Ct));
        await Expect.Refused(Expect.Forbidden, () => admin.Run($"update platform.setting_changes set changed_by = null", Ct));
        await Expect.Refused(Expect.Forbidden, () => admin.Run($"insert into platform.setting_changes (setting_key, environment, is_sensitive) values ('forged', 'production', false)", Ct));
        Assert.Empty(await Beta.List<string>($"select c.setting_key from platform.setting_changes c where c.setting_key = 'probe.kept'", Ct));
    }

    [Fact]
    public async Task A_sensitive_value_is_kept_as_ciphertext_and_never_shown()
    {
        await Alpha.Run($"select platform.keep_secret('mail.password', '\\x0102'::bytea, reason => 'new provider')", Ct);
        await Alpha.Run($"select platform.keep_secret('mail.password', '\\x0304'::bytea)", Ct);
        Assert.True(await Alpha.One<bool>($"select s.is_encrypted and s.is_sensitive and s.setting_value is null from cdp.system_settings s where s.setting_key = 'mail.password'", Ct));
        Assert.Null(await Alpha.One<string?>($"select platform.setting('mail.password')::text", Ct));
        await Expect.Refused(Expect.Forbidden, () => Alpha.List<byte[]>($"select v.secret from platform.setting_values v", Ct));
        await Expect.Refused(Expect.Check, () => Alpha.Run($"update cdp.system_settings s set setting_value = '\"clear\"' where s.setting_key = 'mail.password'", Ct));
        await Expect.Refused(Expect.Check, () => Alpha.Run($"insert into wolo.system_config (config_key, config_value, data_type, is_sensitive) values ('other.password', '\"clear\"', 'string', true)", Ct));
        Assert.Equal(2, await Alpha.One<long>($"select count(*) from platform.setting_changes c where c.setting_key = 'mail.password' and c.old_value is null and c.new_value is null", Ct));
        Assert.Equal([3, 4], await database.Service.One<byte[]>($"select v.secret from platform.setting_values v where v.setting_key = 'mail.password'", Ct));
        Assert.False(await Beta.One<bool>($"select exists (select from cdp.system_settings s where s.setting_key = 'mail.password')", Ct));
    }

    [Fact]
    public async Task Members_and_keys_read_settings_and_administrators_write_them()
    {
        var member = database.For(database.Alpha with { Access = Access.Member });
        Assert.True(await member.One<bool>($"select count(*) >= 8 from cdp.system_settings", Ct));
        await Expect.Refused(Expect.Forbidden, () => member.Run($"update cdp.system_settings s set setting_value = '3' where s.setting_key = 'campaign.max_recipients'", Ct));
        Assert.Equal(100000, await Value<int>(Alpha, "campaign.max_recipients"));
        await Alpha.Run($"update cdp.system_settings s set setting_value = '9' where s.setting_key = 'cohort.max_retention_periods'", Ct);
        Assert.Equal(9, await Value<int>(database.For(database.Alpha with { Access = Access.Key }), "cohort.max_retention_periods"));
        Assert.Equal(24, await Value<int>(Beta, "cohort.max_retention_periods"));
        Assert.Equal(0, await database.For(database.Alpha with { Access = Access.Visitor }).One<long>($"select count(*) from platform.setting_values", Ct));
    }

    [Fact]
    public async Task Spiritual_guidance_tells_settings_of_the_system_from_those_of_the_platform()
    {
        await Alpha.Run($"insert into jyotiflow.system_configuration (config_key, config_value, requires_restart) values ('cache.engine', '\"memory\"', true)", Ct);
        await Alpha.Run($"insert into jyotiflow.platform_settings (setting_key, setting_value, category) values ('site.title', '\"Jyoti\"', 'general')", Ct);
        Assert.Equal(["cache.engine"], await Alpha.List<string>($"select c.config_key from jyotiflow.system_configuration c", Ct));
        Assert.DoesNotContain("cache.engine", await Alpha.List<string>($"select s.setting_key from jyotiflow.platform_settings s", Ct));
        await Expect.Refused(Expect.OutsideView, () => Alpha.Run($"insert into jyotiflow.platform_settings (setting_key, setting_value, category) values ('odd', '\"x\"', 'system')", Ct));
        Assert.Empty(await Beta.List<string>($"select c.config_key from jyotiflow.system_configuration c", Ct));
    }
}
