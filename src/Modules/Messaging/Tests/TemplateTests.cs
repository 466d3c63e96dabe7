using System.Text.Json;
using Clientele.Platform.Data;
using Npgsql;

namespace Clientele.Messaging.Tests;

/// <summary>Templates: their words, languages, approvals, and how they are filled in.</summary>
public sealed class TemplateTests(Rig rig) : IClassFixture<Rig>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Key() => "key-" + Guid.NewGuid().ToString("N");

    private Task<Guid> TemplateOf(Guid version) => rig.Db.One<Guid>($"select v.template_id from messaging.template_versions v where v.id = {version}", Ct);

    private Task<string> Render(string words, string variables, bool html = false) => rig.Db.One<string>($"select messaging.render({words}, {variables}::jsonb, {html})", Ct);

    [Theory]
    [InlineData("wolo", "fr-SN")]
    [InlineData("jyotiflow", "en")]
    public async Task Defect_096_A_key_has_many_languages_and_versions_and_one_active_of_each(string blueprint, string locale)
    {
        var (key, view) = (Key(), (Sql)$"{Sql.Identifier(blueprint)}.notification_templates");
        await rig.For(rig.Beta).Run($"insert into {view} (template_key, name, body_text) values ({key}, 'Theirs', 'theirs')", Ct);
        foreach (var words in new[] { "one", "two" })
            await rig.Db.Run($"insert into {view} (template_key, name, body_text) values ({key}, 'Ours', {words})", Ct);
        await rig.Db.Run($"insert into {view} (template_key, name, body_text, locale, is_active) values ({key}, 'Ours', 'eins', 'de', false)", Ct);
        Assert.Equal([$"de 1 eins false", $"{locale} 1 one false", $"{locale} 2 two true"], await rig.Db.List<string>($"""
            select t.locale || ' ' || t.version || ' ' || t.body_text || ' ' || t.is_active from {view} t where t.template_key = {key} order by t.locale, t.version
            """, Ct));
        Assert.Equal("23505", await rig.Refusal($"insert into {view} (template_key, name, body_text, locale, version) values ({key}, 'Ours', 'again', {locale}, 2)"));

        // To make an older one active again is a rollback.
        await rig.Db.Run($"update {view} set is_active = true where template_key = {key} and body_text = 'one'", Ct);
        Assert.Equal("one", await rig.Db.One<string>($"select t.body_text from {view} t where t.template_key = {key} and t.locale = {locale} and t.is_active", Ct));
        await rig.Db.Run($"update {view} set is_active = false, name = 'Renamed' where template_key = {key} and body_text = 'one'", Ct);
        Assert.Equal(0, await rig.Db.One<long>($"select count(*) from {view} t where t.template_key = {key} and t.is_active", Ct));
        Assert.Equal(3, await rig.Db.One<long>($"select count(*) from {view} t where t.template_key = {key} and t.name = 'Renamed'", Ct));
        Assert.Equal(1, await rig.Db.Run($"delete from {view} where template_key = {key} and locale = 'de'", Ct));
    }

    [Fact]
    public async Task Of_eight_who_publish_one_is_published()
    {
        var template = await rig.Db.One<Guid>($"insert into pocm.templates (name) values ('Many') returning id", Ct);
        var versions = await Rig.Eight(n => rig.Db.One<Guid>($"insert into pocm.template_versions (template_id, body_text) values ({template}, {"v" + n}) returning id", Ct));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], await rig.Db.List<int>($"select v.version from pocm.template_versions v where v.template_id = {template} order by 1", Ct));
        await Rig.Eight(n => rig.Db.Run($"select messaging.publish({versions[n]})", Ct));
        Assert.Equal(["published 1", "retired 7"], await rig.Db.List<string>($"select v.status || ' ' || count(*) from pocm.template_versions v where v.template_id = {template} group by v.status order by 1", Ct));
        Assert.Equal("P0002", await rig.Refusal($"select messaging.publish({versions[0]})", rig.Beta));
    }

    [Fact]
    public async Task A_rollback_goes_to_the_version_before_or_to_the_one_that_is_named()
    {
        var key = Key();
        var template = await TemplateOf(await rig.Template(key, "one"));
        await rig.Template(key, "two");
        await rig.Template(key, "three");
        Assert.Equal(2, await rig.Db.One<int>($"select r.version from messaging.rollback({template}, 'en') r", Ct));
        Assert.Equal(1, await rig.Db.One<int>($"select r.version from messaging.rollback({template}, 'en', 1) r", Ct));
        Assert.Equal("P0002", await rig.Refusal($"select messaging.rollback({template}, 'de')"));
    }

    [Fact]
    public async Task Published_words_are_never_changed()
    {
        var version = await rig.Template(Key(), "Hello");
        Assert.Equal("CL004", await rig.Refusal($"update pocm.template_versions set body_text = 'Bye' where id = {version}"));
        Assert.Equal("CL004", await rig.Refusal($"update wolo.notification_templates set subject = 'Bye' where id = {version}"));
        Assert.Equal("CL001", await rig.Refusal($"update pocm.template_versions set status = 'draft' where id = {version}"));
        Assert.Equal("CL001", await rig.Refusal($"insert into pocm.template_versions (template_id, body_text, status) values ({await TemplateOf(version)}, 'x', 'published')"));
        Assert.Equal(1, await rig.Db.Run($"update pocm.template_versions set change_note = 'first' where id = {version}", Ct));
    }

    [Fact]
    public async Task What_is_not_approved_is_neither_published_nor_queued()
    {
        var template = await rig.Db.One<Guid>($"insert into pocm.recall_notification_templates (name, template_key, channels) values ('Recall', {Key()}, '{{email}}') returning id", Ct);
        var version = await rig.Db.One<Guid>($"insert into pocm.template_versions (template_id, body_text) values ({template}, 'Stop using it') returning id", Ct);
        Assert.Equal("23514", await rig.Refusal($"select messaging.publish({version})"));
        Assert.Equal("23514", await rig.Refusal($"insert into messaging.messages (template_version_id, channel, recipient, body) values ({version}, 'email', 'a@b.example', 'x')"));
        foreach (var step in new[] { "medical", "legal" })
            await rig.Db.Run($"insert into pocm.template_approvals (template_version_id, step) values ({version}, {step})", Ct);
        Assert.Equal("23514", await rig.Refusal($"update pocm.template_approvals set status = 'approved' where template_version_id = {version}"));
        await rig.For(rig.Marketer).Run($"update pocm.template_approvals set status = 'approved' where template_version_id = {version} and step = 'medical'", Ct);
        Assert.Equal("23514", await rig.Refusal($"select messaging.publish({version})"));
        await rig.For(rig.Marketer).Run($"update pocm.template_approvals set status = 'approved' where template_version_id = {version} and step = 'legal'", Ct);
        await rig.Db.Run($"select messaging.publish({version})", Ct);
        Assert.Equal(1, await rig.Db.Run($"insert into messaging.messages (template_version_id, channel, recipient, body) values ({version}, 'email', 'a@b.example', 'x')", Ct));

        // An approval that is withdrawn stops what is already published.
        await rig.For(rig.Colleague).Run($"update pocm.template_approvals set status = 'pending' where template_version_id = {version} and step = 'legal'", Ct);
        Assert.Equal("23514", await rig.Refusal($"insert into messaging.messages (template_version_id, channel, recipient, body) values ({version}, 'email', 'a@b.example', 'x')"));
        Assert.Equal((0, 2), (await rig.For(rig.Beta).One<long>($"select count(*) from pocm.template_approvals", Ct), await rig.Db.One<long>($"select count(*) from pocm.template_approvals a where a.template_version_id = {version}", Ct)));
    }

    [Fact]
    public async Task The_newest_check_of_each_regulation_counts()
    {
        var template = await rig.Db.One<Guid>($"insert into pocm.patient_care_templates (name, requires_approval) values ('Care', false) returning id", Ct);
        var version = await rig.Db.One<Guid>($"insert into pocm.template_versions (template_id, body_text) values ({template}, 'Take care') returning id", Ct);
        foreach (var (regulation, result) in new[] { ("fda", "passed"), ("hipaa", "failed") })
            await rig.Db.Run($"insert into pocm.compliance_validations (template_version_id, regulation, result) values ({version}, {regulation}, {result})", Ct);
        Assert.Equal("23514", await rig.Refusal($"select messaging.publish({version})"));
        // Checks are only added to: neither the application nor anybody may make one undone.
        Assert.Equal("42501", await rig.Refusal($"update messaging.compliance_validations set result = 'passed' where template_version_id = {version}"));
        await rig.Db.Run($"insert into pocm.compliance_validations (template_version_id, regulation, result) values ({version}, 'hipaa', 'warning')", Ct);
        Assert.Equal(1, await rig.Db.Run($"select messaging.publish({version})", Ct));
    }

    [Fact]
    public async Task Variables_are_declared_and_missing_ones_refused()
    {
        var key = Key();
        var template = await rig.Db.One<Guid>($"insert into pocm.templates (name, template_key) values ('Pay', {key}) returning id", Ct);
        var version = await rig.Db.One<Guid>($"insert into pocm.template_versions (template_id, subject, body_text) values ({template}, {"For {{ name }}"}, {"{{amount}} {{currency}}"}) returning id", Ct);
        Assert.Equal("23514", await rig.Refusal($"select messaging.publish({version})"));
        await rig.Db.Run($"""
            insert into pocm.template_variables (template_id, name, type, is_required, default_value)
            values ({template}, 'name', 'string', true, null), ({template}, 'amount', 'number', true, null), ({template}, 'currency', 'string', false, {"\"XOF\""}::jsonb)
            """, Ct);
        await rig.Db.Run($"select messaging.publish({version})", Ct);
        Assert.Equal("23514", await rig.Refusal($"""select messaging.queue({key}, 'email', recipient => 'a@b.example', variables => {"""{"name": "Ann"}"""}::jsonb)"""));
        Assert.Equal("23514", await rig.Refusal($"""select messaging.queue({key}, 'email', recipient => 'a@b.example', variables => {"""{"name": "Ann", "amount": "much"}"""}::jsonb)"""));
        var message = await rig.Db.One<Guid>($"""select messaging.queue({key}, 'email', recipient => 'a@b.example', variables => {"""{"name": "Ann", "amount": 5}"""}::jsonb)""", Ct);
        Assert.Equal("For Ann: 5 XOF", await rig.Db.One<string>($"select m.subject || ': ' || m.body from messaging.messages m where m.id = {message}", Ct));
    }

    [Theory]
    [InlineData("Hello {{name}}!", """{"name": "Ann"}""", false, "Hello Ann!")]
    [InlineData("{{a}}{{b}}", """{"a": "{{b}}", "b": "2"}""", false, "{{b}}2")]
    [InlineData("{{customer.name}}", """{"customer": {"name": "Ann"}}""", false, "Ann")]
    [InlineData("{{customer.name}}", """{"customer.name": "Ann"}""", false, "Ann")]
    [InlineData("<b>{{name}}</b>", """{"name": "<script>&\"'"}""", true, "<b>&lt;script&gt;&amp;&quot;&#39;</b>")]
    [InlineData(@"\1 {{name}} $1", """{"name": "\\1&"}""", false, @"\1 \1& $1")]
    [InlineData("nothing to fill in", "{}", false, "nothing to fill in")]
    public async Task Words_are_filled_in_once_and_escaped_in_html(string words, string variables, bool html, string expected) =>
        Assert.Equal(expected, await Render(words, variables, html));

    [Fact]
    public async Task A_place_without_a_value_is_refused() => await Assert.ThrowsAsync<PostgresException>(() => Render("Hello {{name}}", """{"nam": "Ann", "name": null}"""));

    [Fact]
    public async Task A_missing_language_falls_back()
    {
        var key = Key();
        var template = await TemplateOf(await rig.Template(key, "hello"));
        foreach (var (locale, words) in new[] { ("fr", "bonjour"), ("fr-SN", "nanga def"), ("de", "hallo") })
            await rig.Db.Run($"insert into wolo.notification_templates (template_key, name, body_text, locale) values ({key}, 'x', {words}, {locale})", Ct);
        foreach (var (wanted, expected) in new[] { ("fr-SN", "nanga def"), ("fr-CA", "bonjour"), ("de-AT", "hallo"), ("wo", "hello"), ("en", "hello") })
            Assert.Equal(expected, await rig.Db.One<string>($"select v.body_text from messaging.published_version({template}, {wanted}) v", Ct));
        Assert.Equal(["de", "fr", "fr-SN"], await rig.Db.List<string>($"select l.locale from pocm.localization_data l where l.template_id = {template} order by 1", Ct));
    }

    [Fact]
    public async Task Shares_of_variants_fit_under_eight_writers_and_somebody_keeps_their_wording()
    {
        var key = Key();
        var version = await rig.Template(key, "own words");
        var made = await Rig.Eight(async n =>
        {
            try { return await rig.Db.Run($"insert into pocm.template_variants (template_version_id, name, body_text, share) values ({version}, {"v" + n}, {"words of v" + n}, 0.3)", Ct); }
            catch (PostgresException e) when (e.SqlState == "23514") { return 0; }
        });
        Assert.Equal(3, made.Sum());

        Task<List<string>> Chosen() => rig.Db.List<string>($"select coalesce(messaging.choose_variant({version}, n::text), '') from generate_series(1, 1000) as n", Ct);
        var (first, second) = (await Chosen(), await Chosen());
        Assert.Equal(first, second);
        Assert.Equal(4, first.Distinct().Count());
        Assert.All(first.Where(v => v.Length > 0).GroupBy(v => v), g => Assert.InRange(g.Count(), 240, 360));
        Assert.InRange(first.Count(v => v.Length == 0), 60, 140);

        await rig.Db.Run($"update pocm.template_variants set is_winner = true where id = (select v.id from pocm.template_variants v where v.template_version_id = {version} order by v.name desc limit 1)", Ct);
        Assert.Equal("23505", await rig.Refusal($"update pocm.template_variants set is_winner = true where template_version_id = {version}"));
        var message = await rig.Db.One<Guid>($"select messaging.queue({key}, 'email', recipient => 'a@b.example')", Ct);
        Assert.Equal(1, await rig.Db.One<long>($"select count(*) from messaging.messages m where m.id = {message} and m.variant <> '' and m.body = 'words of ' || m.variant", Ct));
    }

    [Fact]
    public async Task Defect_129_Twenty_categories_are_views_of_one_table()
    {
        var categories = await rig.Service.List<string>($"""
            select distinct replace(c.relation, '_templates', '') from platform.blueprint_columns c where c.blueprint = 'pocm' and c.relation ~ '_templates$' and c.base_relation = 'messaging.templates' order by 1
            """, Ct);
        Assert.Equal(20, categories.Count);
        foreach (var category in categories)
        {
            var view = (Sql)$"pocm.{Sql.Identifier(category + "_templates")}";
            var (mine, other) = (Key(), Key());
            await rig.Db.Run($"insert into {view} (name, template_key) values ('Mine', {mine})", Ct);
            await rig.Db.Run($"insert into pocm.templates (name, template_key, category) values ('Other', {other}, {(category == "system" ? "support" : "system")})", Ct);
            await rig.For(rig.Beta).Run($"insert into {view} (name, template_key) values ('Theirs', {mine})", Ct);
            Assert.Equal([category], await rig.Db.List<string>($"select t.category from pocm.templates t where t.template_key = {mine}", Ct));
            Assert.Equal([category + " Mine"], await rig.Db.List<string>($"select t.category || ' ' || t.name from {view} t where t.template_key in ({mine}, {other})", Ct));
            Assert.Equal("44000", await rig.Refusal($"update {view} set category = {(category == "system" ? "support" : "system")} where template_key = {mine}"));
            Assert.Equal(0, await rig.Db.Run($"insert into {view} (name, template_key) values ('Again', {mine}) on conflict do nothing", Ct));
        }
    }

    [Fact]
    public async Task Defect_130_Three_figures_answer_three_questions()
    {
        var key = Key();
        var version = await rig.Template(key, "x", "email,sms");
        await rig.Db.Run($"""
            insert into messaging.messages (template_version_id, channel, recipient, body, status, provider, opened_at, error_code)
            values ({version}, 'email', 'a@b.example', 'x', 'delivered', 'postmark', now(), null), ({version}, 'email', 'a@b.example', 'x', 'sent', 'postmark', null, null),
                   ({version}, 'email', 'b@b.example', 'x', 'bounced', 'postmark', null, 'gone'), ({version}, 'sms', '+221770000000', 'x', 'failed', 'kaleyra', null, 'off')
            """, Ct);
        // How much it is used; how well its words do; how well messages get there.
        Assert.Equal("4 messages to 3", await rig.Db.One<string>($"select a.message_count || ' messages to ' || a.recipient_count from pocm.template_analytics a where a.template_key = {key}", Ct));
        Assert.Equal(["email 3 sent, delivered 0.33333333, opened 1.00000000", "sms 0 sent, delivered -, opened -"], await rig.Db.List<string>($"""
            select p.channel || ' ' || p.sent_count || ' sent, delivered ' || coalesce(p.delivery_rate::text, '-') || ', opened ' || coalesce(p.open_rate::text, '-')
            from pocm.template_performance_metrics p where p.template_version_id = {version} order by 1
            """, Ct));
        Assert.Equal(["kaleyra failed 1 bounced 0", "postmark failed 0 bounced 1"], await rig.Db.List<string>($"""
            select a.provider || ' failed ' || a.failed_count || ' bounced ' || a.bounced_count from pocm.message_analytics a where a.provider in ('kaleyra', 'postmark') order by 1
            """, Ct));
        Assert.Equal(["email 3 1 0 1 1", "sms 0 0 1 0 0"], await rig.Db.List<string>($"""
            select a.channel || ' ' || a.sent_count || ' ' || a.delivered_count || ' ' || a.failed_count || ' ' || a.bounce_count || ' ' || a.opened_count from wolo.notification_analytics a where a.template_key = {key} order by 1
            """, Ct));
        Assert.Equal(0, await rig.For(rig.Beta).One<long>($"select count(*) from wolo.notification_analytics a where a.template_key = {key}", Ct));
    }

    [Fact]
    public async Task Defect_095_A_day_a_template_and_a_channel_are_one_row()
    {
        var rows = await rig.Db.List<JsonElement>($"""
            select jsonb_build_object('rows', count(*), 'keys', count(distinct (a.date, a.template_key, a.channel)), 'ids', count(distinct a.id)) from wolo.notification_analytics a
            """, Ct);
        Assert.Equal(rows[0].GetProperty("rows").GetInt64(), rows[0].GetProperty("keys").GetInt64());
        Assert.Equal(rows[0].GetProperty("rows").GetInt64(), rows[0].GetProperty("ids").GetInt64());
    }

    [Fact]
    public async Task Whatsapp_templates_are_one_for_each_workspace_and_id()
    {
        var workspace = rig.Alpha.WorkspaceId;
        await rig.Db.Run($"insert into assistant.whatsapp_templates (customer_id, template_id, name, language, category, components) values ({workspace}, 't1', 'Hello', 'en', 'utility', '[]')", Ct);
        await rig.For(rig.Beta).Run($"insert into assistant.whatsapp_templates (customer_id, template_id, name, language, category, components) values ({rig.Beta.WorkspaceId}, 't1', 'Hello', 'en', 'utility', '[]')", Ct);
        Assert.Equal("23505", await rig.Refusal($"insert into assistant.whatsapp_templates (customer_id, template_id, name, language, category, components) values ({workspace}, 't1', 'Hello', 'en', 'utility', '[]')"));
        Assert.Equal(1, await rig.Db.Run($"update assistant.whatsapp_templates set status = 'approved' where template_id = 't1'", Ct));
        Assert.Equal("CL001", await rig.Refusal($"update assistant.whatsapp_templates set status = 'maybe' where template_id = 't1'"));
    }
}
