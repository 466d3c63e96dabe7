using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Messaging.Tests;

/// <summary>The queue: one worker for each message, a second try after a failure, and nothing sent that must wait.</summary>
public sealed class QueueTests(Rig rig) : IClassFixture<Rig>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // Tests share the queue, so each has a tenant of its own.
    private async Task<Db> Queue()
    {
        var id = await rig.Service.One<Guid>($"insert into platform.organizations (slug, name) values ({"q-" + Guid.NewGuid().ToString("N")}, 'Queue') returning id", Ct);
        var workspace = await rig.Service.One<Guid>($"insert into platform.workspaces (organization_id, slug, name) values ({id}, 'main', 'Main') returning id", Ct);
        return rig.For(new Tenant(id, null, Access.System, workspace));
    }

    private static Task<long> Put(Db queue, int number, int priority = 3, string due = "-1 minute") => queue.Run($"""
        insert into messaging.messages (channel, recipient, body, priority, scheduled_at) select 'email', 'a' || n || '@b.example', 'x', {priority}, now() + {due}::interval from generate_series(1, {number}) as n
        """, Ct);

    private static Task<List<Guid>> Claim(Db queue, int number, string worker, string lease = "1 minute") => queue.List<Guid>($"select c.id from messaging.claim({number}, {worker}, {lease}::interval) c", Ct);

    private static Task<string> State(Db queue, Guid message) => queue.One<string>($"select m.status || ' ' || m.retry_count from messaging.messages m where m.id = {message}", Ct);

    [Fact]
    public async Task Eight_workers_send_each_message_once()
    {
        var queue = await Queue();
        await Put(queue, 400);
        var sent = await Rig.Eight(async n =>
        {
            var mine = new List<Guid>();
            while (await Claim(queue, 7, "w" + n) is { Count: > 0 } claimed)
            {
                foreach (var id in claimed)
                    Assert.True(await queue.One<bool>($"select messaging.report_sent({id}, {"w" + n}, 'resend', {id.ToString()})", Ct));
                mine.AddRange(claimed);
            }
            return mine;
        });
        var all = sent.SelectMany(s => s).ToList();
        Assert.Equal((400, 400), (all.Count, all.Distinct().Count()));
        Assert.True(sent.Count(s => s.Count > 0) > 1, "one worker did it all");
        Assert.Equal(400, await queue.One<long>($"select count(*) from messaging.messages m where m.status = 'sent' and m.sent_at is not null and m.lease_until is null", Ct));
        // Nobody claimed for anybody else.
        Assert.Equal("pending", await rig.For(rig.Beta).One<string>($"select m.status from messaging.messages m where m.body = 'theirs'", Ct));
    }

    [Fact]
    public async Task A_worker_that_does_not_answer_loses_its_message_and_cannot_report_it()
    {
        var queue = await Queue();
        await Put(queue, 1);
        var message = Assert.Single(await Claim(queue, 1, "slow", "0 seconds"));
        Assert.Equal([message], await Claim(queue, 1, "quick"));
        Assert.False(await queue.One<bool>($"select messaging.report_sent({message}, 'slow')", Ct));
        Assert.Null(await queue.One<string?>($"select messaging.report_failed({message}, 'slow')", Ct));
        Assert.True(await queue.One<bool>($"select messaging.report_sent({message}, 'quick')", Ct));
        Assert.Equal("sent 1", await State(queue, message));
        // A message that kills its workers does not do so for ever.
        await Put(queue, 1);
        for (var attempt = 0; attempt <= 3; attempt++) Assert.Single(await Claim(queue, 1, "dying", "0 seconds"));
        Assert.Empty(await Claim(queue, 1, "dying"));
        Assert.Equal("failed 3 lease_expired", await queue.One<string>($"select m.status || ' ' || m.retry_count || ' ' || m.error_code from messaging.messages m where m.status = 'failed'", Ct));
    }

    [Fact]
    public async Task A_failure_is_tried_again_three_times_each_after_twice_the_wait()
    {
        var queue = await Queue();
        await queue.Run($"insert into messaging.channel_settings (channel, retry_after) values ('email', '10 seconds')", Ct);
        await Put(queue, 1);
        var waits = new List<double>();
        Guid message = default;
        for (var attempt = 0; attempt < 4; attempt++)
        {
            message = Assert.Single(await Claim(queue, 1, "w"));
            await queue.One<string?>($"select messaging.report_failed({message}, 'w', 'busy', 'Try later')", Ct);
            if (attempt == 3) break;
            Assert.Equal($"pending {attempt + 1}", await State(queue, message));
            Assert.Empty(await Claim(queue, 1, "w"));
            waits.Add(await queue.One<double>($"select extract(epoch from m.next_attempt_at - m.updated_at)::float8 from messaging.messages m", Ct));
            await queue.Run($"update messaging.messages set next_attempt_at = now()", Ct);
        }
        Assert.Equal([10, 20, 40], waits);
        Assert.Equal("failed 3", await State(queue, message));

        await Put(queue, 1);
        message = Assert.Single(await Claim(queue, 1, "w"));
        Assert.Equal("failed", await queue.One<string>($"select messaging.report_failed({message}, 'w', 'no_such_number', is_final => true)", Ct));
        Assert.Equal("failed 0", await State(queue, message));
    }

    [Fact]
    public async Task The_urgent_come_first_and_what_is_not_due_waits()
    {
        var queue = await Queue();
        await Put(queue, 3, 5);
        await Put(queue, 2, 1);
        await Put(queue, 2, 1, "1 hour");
        await queue.Run($"insert into messaging.messages (channel, recipient, body, scheduled_at, expires_at) values ('email', 'late@b.example', 'x', now() - interval '2 hours', now() - interval '1 hour')", Ct);
        await Claim(queue, 2, "w");
        Assert.Equal([1], await queue.List<short>($"select distinct m.priority from messaging.messages m where m.status = 'sending'", Ct));
        Assert.Equal(3, (await Claim(queue, 10, "w")).Count);
        Assert.Equal("cancelled expired", await queue.One<string>($"select m.status || ' ' || m.error_code from messaging.messages m where m.recipient = 'late@b.example'", Ct));
    }

    [Fact]
    public async Task Messages_of_what_is_paused_wait()
    {
        var queue = await Queue();
        var bulk = await queue.One<Guid>($"insert into pocm.bulk_operations (name, channel, total_count) values ('Recall', 'email', 4) returning id", Ct);
        await queue.Run($"insert into messaging.messages (channel, recipient, body, bulk_operation_id) select 'email', n || '@b.example', 'x', {bulk} from generate_series(1, 4) as n", Ct);
        Assert.Empty(await Claim(queue, 10, "w"));
        await queue.Run($"update pocm.bulk_operations set status = 'running'", Ct);
        foreach (var id in await Claim(queue, 1, "w")) await queue.One<bool>($"select messaging.report_sent({id}, 'w')", Ct);
        await queue.Run($"update pocm.bulk_operations set status = 'paused'", Ct);
        Assert.Empty(await Claim(queue, 10, "w"));
        Assert.Equal("4 3 1 0.25000000", await queue.One<string>($"select concat_ws(' ', b.message_count, b.waiting_count, b.sent_count, b.progress) from pocm.bulk_operations b", Ct));
        await queue.Run($"update pocm.bulk_operations set status = 'running'", Ct);
        Assert.Equal(3, (await Claim(queue, 10, "w")).Count);

        var campaign = await rig.Running();
        var send = await rig.Db.One<Guid>($"insert into messaging.campaign_sends (campaign_id, customer_id) values ({campaign}, {await rig.Customer()}) returning id", Ct);
        await rig.Db.Run($"update messaging.campaigns set status = 'paused' where id = {campaign}", Ct);
        var message = await rig.Db.One<Guid>($"insert into messaging.messages (channel, recipient, body, priority, campaign_send_id) values ('email', 'a@b.example', 'x', 1, {send}) returning id", Ct);
        Assert.DoesNotContain(message, await Claim(rig.Db, 1000, "w"));
        await rig.Db.Run($"update messaging.campaigns set status = 'active' where id = {campaign}", Ct);
        Assert.Contains(message, await Claim(rig.Db, 1000, "w"));

        // What becomes of the message becomes of the send, and of the campaign's totals.
        await rig.Db.One<bool>($"select messaging.report_sent({message}, 'w', 'resend', 'r-1')", Ct);
        await rig.Db.Run($"update messaging.messages set status = 'delivered', first_click_at = now(), total_clicks = 1 where provider_message_id = 'r-1'", Ct);
        Assert.Equal("delivered r-1 resend 1 1", await rig.Db.One<string>($"""
            select concat_ws(' ', s.send_status, s.external_message_id, s.service_provider, c.total_delivered, c.total_clicked) from cdp.campaign_sends s join cdp.campaigns c on c.id = s.campaign_id where s.id = {send}
            """, Ct));
    }

    [Fact]
    public async Task Of_eight_with_one_key_one_message_is_made()
    {
        var key = Guid.NewGuid().ToString("N");
        await rig.Template(key, "x");
        var made = await Rig.Eight(_ => rig.Db.One<Guid>($"select messaging.queue({key}, 'email', recipient => 'a@b.example', idempotency_key => {key})", Ct));
        Assert.Single(made.Distinct());
        Assert.Equal(1, await rig.Db.One<long>($"select count(*) from messaging.messages m where m.idempotency_key = {key}", Ct));
        // The same key of somebody else's is another.
        Assert.Equal(1, await rig.For(rig.Beta).Run($"insert into messaging.messages (recipient, body, idempotency_key) values ('x', 'x', {key})", Ct));
    }

    [Fact]
    public async Task Nobody_is_sent_what_they_do_not_want()
    {
        var key = Guid.NewGuid().ToString("N");
        await rig.Template(key, "x", "email,sms");
        var somebody = await rig.Customer();
        Task<Guid?> Ask(string channel, string topic) => rig.Db.One<Guid?>($"select messaging.queue({key}, {channel}, {somebody}, topic => {topic})", Ct);
        Assert.NotNull(await Ask("email", "pot"));
        Assert.Null(await Ask("email", "marketing"));
        await rig.Db.Run($"insert into wolo.notification_preferences (user_id, marketing_notifications, sms_enabled, pot_notifications) values ({somebody}, true, false, false)", Ct);
        Assert.NotNull(await Ask("email", "marketing"));
        Assert.Null(await Ask("email", "pot"));
        Assert.Null(await Ask("sms", "transactional"));
        Assert.Equal("P0002", await rig.Refusal($"select messaging.queue('no-such', 'email', recipient => 'a@b.example')"));
        Assert.Equal("23514", await rig.Refusal($"select messaging.queue({key}, 'whatsapp', recipient => '+221770000000')"));
        Assert.Equal("23514", await rig.Refusal($"select messaging.queue({key}, 'sms')"));
    }

    [Theory]
    [InlineData("update wolo.notifications set status = 'banana'", "CL001")]
    [InlineData("insert into wolo.notifications (recipient_identifier, channel, body) values ('x', 'pigeon', 'x')", "23514")]
    [InlineData("insert into wolo.notifications (recipient_identifier, channel, body, provider) values ('x', 'email', 'x', 'telepathy')", "23514")]
    [InlineData("insert into wolo.notifications (recipient_identifier, channel, body, retry_count) values ('x', 'email', 'x', -1)", "23514")]
    [InlineData("insert into wolo.notifications (channel, body) values ('email', 'to nobody')", "23514")]
    [InlineData("insert into wolo.notification_templates (template_key, name, body_text, channels) values ('x', 'x', 'x', '{pigeon}')", "23514")]
    [InlineData("insert into wolo.notification_templates (template_key, name, body_text, locale) values ('x', 'x', 'x', 'français')", "23514")]
    [InlineData("insert into wolo.notification_preferences (user_id, digest_frequency) select c.id, 'hourly' from customers.customers c", "23514")]
    [InlineData("update pocm.bulk_operations set status = 'done'", "CL001")]
    [InlineData("insert into pocm.escalation_rules (name, level, channel, contact, recipient) values ('x', 0, 'sms', 'x', 'x')", "23514")]
    public async Task Defect_085_Words_that_mean_nothing_are_refused(string statement, string state)
    {
        await rig.Db.Run($"insert into wolo.notifications (recipient_identifier, channel, body) values ('a@b.example', 'email', 'x')", Ct);
        await rig.Db.Run($"insert into pocm.bulk_operations (name, channel) values ('x', 'email')", Ct);
        await rig.Customer();
        var refused = await rig.Refusal(Sql.Composed(statement));
        // A state nobody knows is refused by whichever of the table's rules sees it first.
        Assert.Contains(refused, state == "CL001" ? new[] { "CL001", "23514" } : [state]);
    }

    [Fact]
    public async Task Defect_106_128_What_waits_is_found_by_an_index_of_what_waits()
    {
        var queue = await Queue();
        await queue.Run($"insert into messaging.messages (channel, recipient, body, status) select 'email', n || '@b.example', 'x', 'delivered' from generate_series(1, 20000) as n", Ct);
        await Put(queue, 50);
        await using (var superuser = await rig.OpenSuperuser())
        await superuser.Run("analyze messaging.messages");

        Assert.Contains("messages_due", string.Join('\n', await rig.Service.List<string>($"""
            explain select m.id from messaging.messages m where m.status = 'pending' and m.priority = 3 and m.due_at <= now() order by m.due_at limit 10
            """, Ct)));
        Assert.Contains("messages_due", string.Join('\n', await queue.List<string>($"""
            explain select m.id from messaging.messages m where m.status = 'pending' and m.priority = 3 and m.due_at <= now() order by m.due_at limit 10
            """, Ct)));
        // None begins with the column whose one value its predicate names, and none stands on a moving time or a boolean alone.
        Assert.Empty(await rig.Service.List<string>($"""
            select i.indexrelid::regclass::text
            from pg_index i join pg_class c on c.oid = i.indrelid join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
            where c.relnamespace = 'messaging'::regnamespace and (pg_get_expr(i.indpred, i.indrelid) ~ ('^\(+' || a.attname || '[^<>]* = ') or (a.atttypid = 'boolean'::regtype and i.indnatts = 1))
            """, Ct));
    }

    [Fact]
    public async Task Defect_064_104_124_Every_reference_is_a_key_with_an_index_and_names_the_tenant()
    {
        Assert.Empty(await rig.Service.List<string>($"""
            select k.conrelid::regclass || ' ' || k.conname from pg_constraint k
            where k.contype = 'f' and k.connamespace = 'messaging'::regnamespace and k.confrelid <> 'platform.organizations'::regclass and not exists (
                select from pg_index i where i.indrelid = k.conrelid and k.conkey::smallint[] @> (i.indkey::smallint[])[0:cardinality(k.conkey) - 1] and cardinality(i.indkey::smallint[]) >= cardinality(k.conkey))
            """, Ct));
        // Columns that are somebody's id, but are no key; a conversation is of a module that comes later.
        Assert.Equal(["messaging.messages.conversation_id"], await rig.Service.List<string>($"""
            select c.oid::regclass || '.' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
            where c.relnamespace = 'messaging'::regnamespace and c.relkind = 'r' and (a.attname ~ '_id$|_by$') and a.atttypid = 'uuid'::regtype and a.attname <> 'organization_id'
            and not exists (select from pg_constraint k where k.contype = 'f' and k.conrelid = c.oid and a.attnum = any(k.conkey)) order by 1
            """, Ct));
        Assert.Empty(await rig.Service.List<string>($"""
            select k.conrelid::regclass::text from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[2]
            where k.contype = 'f' and k.connamespace = 'messaging'::regnamespace and k.confrelid = 'customers.customers'::regclass
            and not exists (select from customers.reference_rules r where r.relation = k.conrelid::regclass::text and r.column_name = a.attname)
            """, Ct));
        Assert.Equal("23503", await rig.Refusal($"insert into wolo.notifications (user_id, channel, body) values ({await rig.Customer(rig.Beta)}, 'email', 'x')"));
    }

    [Fact]
    public async Task Defect_076_Every_change_of_a_message_is_in_the_log()
    {
        var somebody = await rig.Customer();
        var id = await rig.Db.One<Guid>($"insert into wolo.notifications (user_id, recipient_identifier, channel, body) values ({somebody}, 'a@b.example', 'email', 'x') returning id", Ct);
        foreach (var state in new[] { "failed", "pending", "sent", "delivered" })
            await rig.Db.Run($"update wolo.notifications set status = {state} where id = {id}", Ct);
        Assert.Equal(["pending > failed", "failed > pending", "pending > sent", "sent > delivered"], await rig.Db.List<string>($"""
            select (e.properties ->> 'from') || ' > ' || (e.properties ->> 'to') from log.events e where e.event_type = 'message_changed' and e.customer_id = {somebody} order by e.occurred_at
            """, Ct));
        Assert.Equal("CL001", await rig.Refusal($"update wolo.notifications set status = 'pending' where id = {id}"));
    }

    [Fact]
    public async Task Logs_and_queues_of_the_blueprints_are_the_same_rows()
    {
        var queue = await Queue();
        await queue.Run($"insert into jyotiflow.email_logs (email_address, subject, body, status, provider) values ('a@b.example', 'Hi', 'x', 'sent', 'resend')", Ct);
        await queue.Run($"insert into jyotiflow.sms_logs (phone_number, body) values ('+911234567890', 'x')", Ct);
        await queue.Run($"insert into jyotiflow.push_notifications (device_token, title, body) values ('token', 'Hi', 'x')", Ct);
        await queue.Run($"insert into pocm.message_queue (channel, recipient, body) values ('whatsapp', '+911234567890', 'x')", Ct);
        var conversation = Guid.NewGuid();
        await queue.Run($"insert into assistant.follow_up_messages (conversation_id, customer_id, message_template, scheduled_for) values ({conversation}, {queue.Tenant.WorkspaceId}, 'Still there?', now() + interval '1 day')", Ct);
        Assert.Equal(["email sent", "in_app pending", "push pending", "sms pending", "whatsapp pending"], await queue.List<string>($"select n.channel || ' ' || n.status from wolo.notifications n order by 1", Ct));
        Assert.Equal((1, 1, 1, 1, 4, 4, 5), (
            await Count(queue, "jyotiflow.email_logs"), await Count(queue, "jyotiflow.sms_logs"), await Count(queue, "jyotiflow.push_notifications"), await Count(queue, "assistant.follow_up_messages"),
            await Count(queue, "pocm.message_queue"), await Count(queue, "jyotiflow.notification_queue"), await Count(queue, "pocm.message_delivery_status")));
        Assert.Equal(1, await queue.Run($"update jyotiflow.notification_queue set status = 'cancelled' where channel = 'sms'", Ct));
        Assert.Equal(1, await queue.Run($"update assistant.follow_up_messages set status = 'cancelled' where conversation_id = {conversation}", Ct));
        Assert.Equal("44000", (await Assert.ThrowsAsync<PostgresException>(() => queue.Run($"insert into jyotiflow.email_logs (email_address, body, channel) values ('x', 'x', 'sms')", Ct))).SqlState);
        Assert.Equal(0, await rig.For(rig.Beta).One<long>($"select count(*) from jyotiflow.email_logs e where e.email_address = 'a@b.example'", Ct));
    }

    private static Task<long> Count(Db db, string view) => db.One<long>($"select count(*) from {Sql.Composed(view)}", Ct);

    [Fact]
    public async Task A_send_that_has_come_further_than_its_message_stops_nobodys_claim()
    {
        var campaign = await rig.Running();
        var send = await rig.Db.One<Guid>($"insert into messaging.campaign_sends (campaign_id, customer_id) values ({campaign}, {await rig.Customer()}) returning id", Ct);
        var message = await rig.Db.One<Guid>($"insert into messaging.messages (channel, recipient, body, priority, campaign_send_id) values ('email', 'ahead@b.example', 'x', 1, {send}) returning id", Ct);
        // Reported behind the message's back.
        await rig.Db.Run($"update messaging.campaign_sends set send_status = 'delivered' where id = {send}", Ct);
        var other = await Queue();
        await Put(other, 1);
        var claimed = await rig.Service.List<Guid>($"select c.id from messaging.claim(1000, 'w', '0 seconds') c", Ct);
        Assert.Contains(message, claimed);
        Assert.Contains(await other.One<Guid>($"select m.id from messaging.messages m", Ct), claimed);
        await rig.Service.One<int>($"select messaging.release()", Ct);
        Assert.Equal("pending 1", await State(rig.Db, message));
        // A number nobody clicked is refused by the send, and by nothing else.
        Assert.Equal(1, await rig.Db.Run($"update messaging.messages set total_clicks = 3, last_click_at = '2020-01-01' where id = {message}", Ct));
        await rig.Db.Run($"update messaging.messages set status = 'bounced', total_clicks = 0, last_click_at = null where id = {message}", Ct);
        Assert.Equal("bounced", await rig.Db.One<string>($"select s.send_status from messaging.campaign_sends s where s.id = {send}", Ct));
    }

    [Fact]
    public async Task One_emergency_that_cannot_be_told_does_not_silence_another()
    {
        var (mute, loud) = (await Queue(), await Queue());
        foreach (var queue in new[] { mute, loud })
        {
            await queue.Run($"insert into pocm.escalation_rules (name, level, wait_for, channel, contact, recipient) values ('Alert', 1, '10 minutes', 'sms', 'nurse', 'nurse'), ('Alert', 2, '10 minutes', 'sms', 'doctor', 'doctor')", Ct);
            await queue.Run($"insert into messaging.messages (channel, recipient, body, status, sent_at, escalation_rule_id) select 'sms', 'nurse', 'Low glucose', 'sent', now() - interval '11 minutes', r.id from pocm.escalation_rules r where r.level = 1", Ct);
        }
        await using var superuser = await rig.OpenSuperuser();
        var muted = await mute.One<Guid>($"select r.id from pocm.escalation_rules r where r.level = 2", Ct);
        await superuser.Run($"alter table messaging.messages add constraint mute check (escalation_rule_id <> '{muted}') not valid");
        await rig.Service.One<int>($"select messaging.escalate()", Ct);
        await superuser.Run("alter table messaging.messages drop constraint mute");
        Assert.Equal((0, 1), (await mute.One<long>($"select count(*) from messaging.messages m where m.recipient = 'doctor'", Ct), await loud.One<long>($"select count(*) from messaging.messages m where m.recipient = 'doctor'", Ct)));
        // A wait longer than all time, likewise.
        await loud.Run($"insert into pocm.escalation_rules (name, level, wait_for, channel, contact, recipient) values ('Never', 1, '100000000 years', 'sms', 'x', 'x'), ('Never', 2, '1 minute', 'sms', 'y', 'y')", Ct);
        await loud.Run($"insert into messaging.messages (channel, recipient, body, status, sent_at, escalation_rule_id) select 'sms', 'x', 'x', 'sent', now() - interval '1 day', r.id from pocm.escalation_rules r where r.name = 'Never' and r.level = 1", Ct);
        await rig.Service.One<int>($"select messaging.escalate()", Ct);
        Assert.Equal(1, await mute.One<long>($"select count(*) from messaging.messages m where m.recipient = 'doctor'", Ct));
    }

    [Fact]
    public async Task An_emergency_goes_up_until_somebody_acknowledges()
    {
        var queue = await Queue();
        foreach (var (level, contact) in new[] { (1, "nurse"), (2, "doctor"), (3, "chief") })
            await queue.Run($"insert into pocm.escalation_rules (name, level, wait_for, channel, contact, recipient) values ('Alert', {level}, '10 minutes', 'sms', {contact}, {contact})", Ct);
        await queue.Run($"""
            insert into messaging.messages (channel, recipient, body, status, sent_at, escalation_rule_id) select 'sms', 'nurse', 'Low glucose', 'sent', now() - interval '9 minutes', r.id from pocm.escalation_rules r where r.level = 1
            """, Ct);
        Assert.Equal(0, await queue.One<int>($"select messaging.escalate()", Ct));
        await queue.Run($"update messaging.messages set sent_at = now() - interval '11 minutes'", Ct);
        Assert.Equal((1, 0), (await queue.One<int>($"select messaging.escalate()", Ct), await queue.One<int>($"select messaging.escalate()", Ct)));
        Assert.Equal(["doctor Low glucose 1"], await queue.List<string>($"select m.recipient || ' ' || m.body || ' ' || m.priority from messaging.messages m where m.status = 'pending'", Ct));
        await queue.Run($"update messaging.messages set status = 'sent', sent_at = now() - interval '11 minutes', acknowledged_at = now() where recipient = 'doctor'", Ct);
        Assert.Equal(0, await queue.One<int>($"select messaging.escalate()", Ct));
    }

    [Fact]
    public async Task An_erased_customer_is_sent_nothing_and_leaves_only_figures()
    {
        var (one, two) = (await rig.Customer(), await rig.Customer());
        var campaign = await rig.Campaign();
        await rig.Db.Run($"insert into cdp.campaign_sends (campaign_id, customer_id, send_status, recipient_email, personalized_content) select {campaign}, c, 'sent', 'ann@shop.example', {"{}"}::jsonb from unnest({new[] { one, two }}) as c", Ct);
        await rig.Db.Run($"insert into wolo.notifications (user_id, recipient_identifier, channel, body) select c, 'ann@shop.example', 'email', 'Dear Ann' from unnest({new[] { one, two }}) as c", Ct);
        await rig.Db.Run($"insert into wolo.notification_preferences (user_id) values ({one})", Ct);
        await rig.Db.Run($"select customers.erase({one})", Ct);
        Assert.Equal("0 0 1 0 2", await rig.Db.One<string>($"""
            select concat_ws(' ', (select count(*) from messaging.messages m where m.customer_id = {one}), (select count(*) from messaging.preferences p where p.customer_id = {one}),
                (select count(*) from messaging.campaign_sends s where s.customer_id = {one}), (select count(s.recipient_email) from messaging.campaign_sends s where s.customer_id = {one}),
                (select t.total_sent from messaging.campaign_totals t where t.campaign_id = {campaign}))
            """, Ct));
        Assert.Equal(1, await rig.Db.One<long>($"select count(*) from messaging.messages m where m.customer_id = {two}", Ct));
    }

    [Fact]
    public async Task Two_customers_that_become_one_keep_one_send_each_and_can_be_parted()
    {
        var (kept, merged) = (await rig.Customer(), await rig.Customer());
        Guid[] campaigns = [await rig.Campaign(), await rig.Campaign()];
        await rig.Db.Run($"insert into messaging.campaign_sends (campaign_id, customer_id, send_status) select c, {merged}, 'sent' from unnest({campaigns}) as c", Ct);
        await rig.Db.Run($"insert into messaging.campaign_sends (campaign_id, customer_id, send_status) values ({campaigns[0]}, {kept}, 'sent')", Ct);
        await rig.Db.Run($"insert into wolo.notification_preferences (user_id, sms_enabled) values ({merged}, false)", Ct);
        var merge = await rig.Db.One<Guid>($"select customers.merge({kept}, {merged})", Ct);
        Assert.Equal((2, 1, 0), (await Sends(kept), await Sends(merged), await rig.Db.One<long>($"select count(*) from messaging.campaign_drift()", Ct)));
        Assert.False(await rig.Db.One<bool>($"select messaging.wants({kept}, 'sms')", Ct));
        await rig.Db.Run($"select customers.undo_merge({merge})", Ct);
        Assert.Equal((1, 2, 0), (await Sends(kept), await Sends(merged), await rig.Db.One<long>($"select count(*) from messaging.campaign_drift()", Ct)));
    }

    private Task<long> Sends(Guid customer) => rig.Db.One<long>($"select count(*) from messaging.campaign_sends s where s.customer_id = {customer}", Ct);
}
