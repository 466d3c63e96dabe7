using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Customers.Tests;

/// <summary>Two profiles become one person, and are taken apart again exactly; a person is erased, whatever refers to them.</summary>
public sealed class MergeTests(MergeTests.App app) : IClassFixture<MergeTests.App>
{
    public sealed class App : TestApp
    {
        /// <summary>A ledger, rows under a unique key, rows that refuse an erasure: what a module may bring.</summary>
        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await using var owner = await Databases.OpenOwner(CancellationToken.None);
            await owner.Run("""
                create schema probe;
                grant usage on schema probe to clientele_app, clientele_service;
                create table probe.points (organization_id uuid not null, id uuid not null default gen_random_uuid(), customer_id uuid not null, kind text not null default 'gift', reason text not null,
                    entry bigint not null, amount bigint not null, balance bigint not null, idempotency_key text not null, created_at timestamptz not null default now(), primary key (organization_id, id),
                    foreign key (organization_id, customer_id) references customers.customers (organization_id, id));
                select platform.protect('probe.points', 'organization');
                select platform.ledger('probe.points', '{customer_id,kind}');
                select customers.reference('probe.points', 'customer_id', on_merge => 'transfer', on_erase => 'keep');
                create table probe.members (organization_id uuid not null, id uuid not null default gen_random_uuid(), club text not null, customer_id uuid not null, note text, primary key (organization_id, id),
                    unique (organization_id, club, customer_id), foreign key (organization_id, customer_id) references customers.customers (organization_id, id));
                select platform.protect('probe.members', 'organization');
                select customers.reference('probe.members', 'customer_id', on_merge => 'move', on_erase => 'keep', personal => '{note}');
                """);
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<Guid> Customer(string name, Tenant? tenant = null) => await app.For(tenant ?? app.Alpha).One<Guid>($"""
        insert into customers.customers (customer_id, name, email, phone, tags, custom_attributes, external_ids, first_seen_at)
        values ({name + Guid.NewGuid().ToString("N")}, {name}, {name + Guid.NewGuid().ToString("N") + "@shop.example"}, {"+22177" + Random.Shared.Next(1000000, 9999999)}, array[{name}], jsonb_build_object({name}::text, 1), jsonb_build_object('crm', {name}::text), now() - random() * interval '9 days')
        returning id
        """, Ct);

    // Everything there is about somebody, as text.
    private Task<string> State(params Guid[] ids) => app.Db.One<string>($"""
        select string_agg(x, E'\n' order by x) from (
            select (to_jsonb(c) - 'updated_at')::text as x from customers.customers c where c.id = any({ids})
            union all select (to_jsonb(m))::text from probe.members m where m.customer_id = any({ids})
            union all select (to_jsonb(o) - 'updated_at')::text from commerce.customer_orders o where o.customer_id = any({ids})
            union all select (to_jsonb(d) - 'updated_at')::text from customers.devices d where d.customer_id = any({ids})
            union all select l.customer_id || ' ' || l.kind || ' has ' || l.balance from (select distinct on (p.customer_id, p.kind) p.* from probe.points p where p.customer_id = any({ids}) order by p.customer_id, p.kind, p.entry desc) l where l.balance > 0
            union all select to_jsonb(m)::text from customers.person_map m where m.profile_id = any({ids}) or m.person_id = any({ids})
        ) as s
        """, Ct);

    private async Task Give(Guid customer, string kind, long amount, string? key = null) =>
        await app.Db.Run($"insert into probe.points (customer_id, kind, reason, amount, idempotency_key) values ({customer}, {kind}, 'test', {amount}, {key ?? Guid.NewGuid().ToString()})", Ct);

    private Task<long> Balance(Guid customer, string kind) =>
        app.Db.One<long>($"select coalesce((select p.balance from probe.points p where p.customer_id = {customer} and p.kind = {kind} order by p.entry desc limit 1), 0)", Ct);

    private async Task Fill(Guid customer)
    {
        await app.Db.Run($"insert into probe.members (club, customer_id, note) values ({"club " + customer}, {customer}, 'likes tea'), ('shared', {customer}, 'vip')", Ct);
        await app.Db.Run($"""
            insert into commerce.customer_orders (organization_id, workspace_id, order_id, customer_id, order_status, order_total, subtotal, currency, ordered_at)
            values ({app.Alpha.OrganizationId}, {app.Alpha.WorkspaceId}, {Guid.NewGuid().ToString()}, {customer}, 'delivered', 12, 12, 'EUR', now())
            """, Ct);
        await app.Db.Run($"insert into customers.devices (customer_id, device_id, platform) values ({customer}, {"d" + customer}, 'ios')", Ct);
        await Give(customer, "gift", 30);
        await Give(customer, "bonus", 5);
    }

    [Fact]
    public async Task A_merge_moves_what_it_may_and_its_undo_puts_everything_back()
    {
        var (ann, bob) = (await Customer("ann"), await Customer("bob"));
        await Fill(ann);
        await Fill(bob);
        var before = await State(ann, bob);

        var merge = await app.Db.One<Guid>($"select customers.merge({ann}, {bob}, 'same phone')", Ct);

        Assert.Equal(60, await Balance(ann, "gift"));
        Assert.Equal(10, await Balance(ann, "bonus"));
        Assert.Equal(0, await Balance(bob, "gift"));
        Assert.Equal(2, await app.Db.One<long>($"select count(*) from commerce.customer_orders o where o.customer_id = {ann}", Ct));
        Assert.Equal(["ann", "bob"], await app.Db.One<string[]>($"select c.tags from customers.customers c where c.id = {ann}", Ct));
        // Both are in the shared club: the survivor's membership stands, the other stays where it was.
        Assert.Equal(1, await app.Db.One<long>($"select count(*) from probe.members m where m.customer_id = {bob} and m.club = 'shared'", Ct));
        Assert.Equal(2, await app.Db.One<long>($"select count(*) from probe.members m where m.customer_id = {ann} and m.club <> 'shared'", Ct));
        Assert.Equal(ann, await app.Db.One<Guid>($"select customers.person({bob})", Ct));

        await app.Db.Run($"select customers.undo_merge({merge})", Ct);
        Assert.Equal(before, await State(ann, bob));
        Assert.Equal("CL001", (await Assert.ThrowsAsync<PostgresException>(() => app.Db.Run($"select customers.undo_merge({merge})", Ct))).SqlState);
    }

    [Fact]
    public async Task A_chain_of_merges_is_undone_from_its_end_exactly()
    {
        var people = new Guid[4];
        for (var i = 0; i < people.Length; i++) await Fill(people[i] = await Customer("p" + i));
        var states = new Stack<string>();
        var merges = new Stack<Guid>();
        foreach (var (survivor, merged) in new[] { (0, 1), (2, 3), (0, 2) })
        {
            states.Push(await State(people));
            merges.Push(await app.Db.One<Guid>($"select customers.merge({people[survivor]}, {people[merged]})", Ct));
        }
        Assert.Equal(4, (await app.Db.One<Guid[]>($"select customers.profiles({people[0]})", Ct)).Length);
        // The first of two merges into one person cannot go while the second stands.
        var early = await Assert.ThrowsAsync<PostgresException>(() => app.Db.Run($"select customers.undo_merge({merges.Last()})", Ct));
        Assert.Contains(merges.Peek().ToString(), early.MessageText, StringComparison.Ordinal);
        while (merges.Count > 0)
        {
            await app.Db.Run($"select customers.undo_merge({merges.Pop()})", Ct);
            Assert.Equal(states.Pop(), await State(people));
        }
    }

    [Fact]
    public async Task What_was_changed_since_stays_changed()
    {
        var (ann, bob) = (await Customer("ann"), await Customer("bob"));
        await app.Db.Run($"update customers.customers set email = null, name = null where id = {ann}", Ct);
        var merge = await app.Db.One<Guid>($"select customers.merge({ann}, {bob})", Ct);
        await app.Db.Run($"update customers.customers set name = 'Renamed' where id = {ann}", Ct);
        await app.Db.Run($"select customers.undo_merge({merge})", Ct);
        Assert.Equal("Renamed ", await app.Db.One<string>($"select name || ' ' || coalesce(email, '') from customers.customers where id = {ann}", Ct));
    }

    [Fact]
    public async Task An_undo_is_refused_when_the_points_that_came_over_were_spent()
    {
        var (ann, bob) = (await Customer("ann"), await Customer("bob"));
        await Give(bob, "gift", 30);
        var merge = await app.Db.One<Guid>($"select customers.merge({ann}, {bob})", Ct);
        await Give(ann, "gift", -20);
        Assert.Equal("CL002", (await Assert.ThrowsAsync<PostgresException>(() => app.Db.Run($"select customers.undo_merge({merge})", Ct))).SqlState);
        Assert.Equal(10, await Balance(ann, "gift"));
    }

    [Fact]
    public async Task Eight_who_merge_the_same_people_make_one_person_of_them()
    {
        for (var round = 0; round < 3; round++)
        {
            var people = new Guid[4];
            for (var i = 0; i < people.Length; i++) await Fill(people[i] = await Customer("c" + i));
            var done = 0;
            await Task.WhenAll(Enumerable.Range(0, 8).Select(async n =>
            {
                var random = new Random(n);
                for (var attempt = 0; attempt < 6; attempt++)
                {
                    var (a, b) = (people[random.Next(4)], people[random.Next(4)]);
                    try
                    {
                        await app.Db.Run($"select customers.merge({a}, {b})", Ct);
                        Interlocked.Increment(ref done);
                    }
                    catch (PostgresException e) when (e.SqlState is "CL001" or "23514") { continue; }
                }
            }));
            // Whatever the order: as many persons fewer as merges were done, nobody is lost, and nothing is counted twice.
            var persons = await app.Db.List<Guid>($"select distinct customers.person(c.id) from customers.customers c where c.id = any({people})", Ct);
            Assert.Equal(4 - done, persons.Count);
            Assert.All(persons, p => Assert.Contains(p, people));
            var points = 0L;
            foreach (var person in people) points += await Balance(person, "gift");
            Assert.Equal(120, points);
            Assert.Equal(4, await app.Db.One<long>($"select count(*) from commerce.customer_orders o where o.customer_id = any({persons.ToArray()})", Ct));
        }
    }

    [Fact]
    public async Task Eight_who_undo_a_merge_undo_it_once()
    {
        var (ann, bob) = (await Customer("ann"), await Customer("bob"));
        await Fill(bob);
        var before = await State(ann, bob);
        var merge = await app.Db.One<Guid>($"select customers.merge({ann}, {bob})", Ct);
        var undone = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            try { await app.Db.Run($"select customers.undo_merge({merge})", Ct); return 1; }
            catch (PostgresException e) when (e.SqlState == "CL001") { return 0; }
        }));
        Assert.Equal(1, undone.Sum());
        Assert.Equal(before, await State(ann, bob));
    }

    [Fact]
    public async Task Orders_written_while_a_merge_runs_are_the_persons_or_stay_with_the_profile_but_are_never_lost()
    {
        var (ann, bob) = (await Customer("ann"), await Customer("bob"));
        var writers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 5; i++)
            {
                await Give(bob, "gift", 1);
                await app.Db.Run($"insert into commerce.customer_orders (order_id, customer_id, order_status, order_total, subtotal, currency, ordered_at) values ({Guid.NewGuid().ToString()}, {bob}, 'delivered', 1, 1, 'EUR', now())", Ct);
            }
        }, Ct)).ToList();
        var merging = Task.Run(() => app.Db.Run($"select customers.merge({ann}, {bob})", Ct), Ct);
        await Task.WhenAll([.. writers, merging]);
        Assert.Equal(40, await Balance(ann, "gift") + await Balance(bob, "gift"));
        Assert.Equal(40, await app.Db.One<long>($"select count(*) from commerce.customer_orders o where o.customer_id in ({ann}, {bob})", Ct));
        Assert.Equal(40, await app.Db.One<decimal>($"select sum(t.total_revenue) from commerce.customer_totals t where t.customer_id in ({ann}, {bob})", Ct));
    }

    [Fact]
    public async Task Defect_058_102_An_erased_person_leaves_nothing_personal_and_their_orders_stay()
    {
        var (ann, bob, other) = (await Customer("Anneliese"), await Customer("Bobinette"), await Customer("Someone"));
        foreach (var id in new[] { ann, bob }) await Fill(id);
        await app.Db.Run($"update customers.customers set email = 'Anneliese@shop.example' where id = {ann}", Ct);
        await app.Db.Run($"insert into customers.accounts (customer_id, email, phone) values ({ann}, 'Anneliese@home.example', {"+2217755" + Random.Shared.Next(10000, 99999)})", Ct);
        await app.Db.Run($"insert into customers.addresses (customer_id, street_address) values ({ann}, 'Rue Anneliese 7')", Ct);
        await app.Db.Run($"update customers.customers set custom_attributes = jsonb_build_object('nick', 'Anneliese') where id = {ann}", Ct);
        await app.Db.Run($"select log.append('order_completed', {ann}, jsonb_build_object('to', 'Anneliese'), event_value => 12)", Ct);
        await app.Db.Run($"select log.append('page_view', {other}, jsonb_build_object('to', 'Someone'))", Ct);
        await app.Db.Run($"select customers.merge({ann}, {bob})", Ct);
        Assert.Contains("Anneliese", await Everything(), StringComparison.Ordinal);

        var admin = app.Alpha with { Access = Access.Admin };
        Assert.Equal("42501", (await Assert.ThrowsAsync<PostgresException>(() => app.For(app.Alpha with { Access = Access.Member }).Run($"select customers.erase({ann})", Ct))).SqlState);
        await app.For(admin).Run($"select customers.erase({bob})", Ct); // by any of their profiles

        var left = await Everything();
        Assert.DoesNotContain("Anneliese", left, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Bobinette", left, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("likes tea", await app.Db.One<string>($"select coalesce(string_agg(m.note, ' '), '') from probe.members m where m.customer_id in ({ann}, {bob})", Ct), StringComparison.Ordinal);
        Assert.Contains("Someone", left, StringComparison.Ordinal);
        Assert.Equal(2, await app.Db.One<long>($"select count(*) from commerce.customer_orders o where o.customer_id = {ann} and o.order_total = 12", Ct));
        // What was paid stays: the order told itself, and the event appended above.
        Assert.Equal(24m, await app.Db.One<decimal>($"select sum(e.event_value) from log.facts e where e.customer_id = {ann}", Ct));
        Assert.Equal(60, await Balance(ann, "gift"));
        Assert.True(await app.Service.One<bool>($"select exists (select from customers.suppressions s where s.word_hash = sha256(convert_to('anneliese@shop.example', 'UTF8')))", Ct));
        // They do not come back by the same name: not by hand, and not with a file, whose order is nobody's then.
        var back = await Assert.ThrowsAsync<PostgresException>(() => app.Db.Run($"insert into customers.customers (customer_id, email) values ('another id', 'ANNELIESE@shop.example')", Ct));
        Assert.Equal("CL001", back.SqlState);
        Assert.Empty(await app.Db.List<Guid>($"select e.id from customers.ensure(array['x1'], array[now()], array['A'], array['anneliese@shop.example'], array[null], 'api', null) e", Ct));
        await app.For(app.Beta).Run($"insert into customers.customers (customer_id, email) values ('another id', 'anneliese@shop.example')", Ct);
        // Twice is no harm.
        await app.For(admin).Run($"select customers.erase({ann})", Ct);
    }

    // All text of all tables of the organization, but what refuses to be read.
    private async Task<string> Everything()
    {
        await using var superuser = await app.OpenSuperuser();
        await using var command = new NpgsqlCommand("""
            select string_agg(c.oid::regclass::text, ',') from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema)'
            and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id')
            """, superuser);
        var text = new System.Text.StringBuilder();
        foreach (var table in ((string)(await command.ExecuteScalarAsync(Ct))!).Split(','))
        {
            await using var read = new NpgsqlCommand($"select coalesce(string_agg(to_jsonb(t)::text, E'\n'), '') from {table} t where t.organization_id = '{app.Alpha.OrganizationId}'", superuser);
            text.Append((string)(await read.ExecuteScalarAsync(Ct))!);
        }
        return text.ToString();
    }

    [Fact]
    public async Task Who_was_erased_is_merged_with_nobody()
    {
        var ann = await Customer("ann");
        await app.Db.Run($"select customers.erase({ann})", Ct);
        var merged = await Assert.ThrowsAsync<PostgresException>(async () => await app.Db.Run($"select customers.merge({await Customer("bob")}, {ann})", Ct));
        Assert.Equal("CL001", merged.SqlState);
    }

    [Fact]
    public async Task Every_key_to_a_customer_is_declared()
    {
        var undeclared = await app.Service.List<string>($"""
            select k.conrelid::regclass || '.' || a.attname
            from pg_constraint k
            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey) and a.attname <> 'organization_id'
            where k.contype = 'f' and k.confrelid = 'customers.customers'::regclass and k.conparentid = 0
            and not exists (select from customers.reference_rules r where r.relation = k.conrelid::regclass::text and r.column_name = a.attname)
            """, Ct);
        Assert.Empty(undeclared);
    }

    [Fact]
    public async Task Every_kept_row_of_an_erased_person_can_be_emptied_of_what_is_personal()
    {
        // Tables that hold words about somebody and keep them on erasure say which columns those are.
        var silent = await app.Service.List<string>($"""
            select r.relation || '.' || r.column_name || ': ' || string_agg(a.attname, ', ')
            from customers.reference_rules r
            join pg_attribute a on a.attrelid = r.relation::regclass and a.attnum > 0 and not a.attisdropped
            where r.on_erase = 'keep' and r.relation !~ '^probe'
            -- What a ward's profile says is the ward's, not the guardian's.
            and (r.relation, r.column_name) <> ('customers.profiles', 'guardian_id')
            -- The contact is that of the person invited, who has a rule of their own.
            and (r.relation, r.column_name) <> ('growth.referrals', 'sponsor_id')
            and a.attname ~ '(email|phone|^name$|full_name|street|ip_address|user_agent|recipient|contact)' and a.attname <> all (r.personal)
            group by r.relation, r.column_name
            """, Ct);
        Assert.Empty(silent);
    }

    [Fact]
    public async Task Another_organization_can_neither_merge_nor_undo_nor_erase()
    {
        var (ann, bob) = (await Customer("ann"), await Customer("bob"));
        var theirs = await Customer("theirs", app.Beta);
        var merge = await app.Db.One<Guid>($"select customers.merge({ann}, {bob})", Ct);
        foreach (var act in new Sql[] { $"select customers.merge({theirs}, {ann})", $"select customers.undo_merge({merge})", $"select customers.erase({ann})" })
            Assert.Equal("P0002", (await Assert.ThrowsAsync<PostgresException>(() => app.For(app.Beta).Run(act, Ct))).SqlState);

        async Task<HttpStatusCode> Answer(HttpClient client, HttpMethod method, string path, object? body = null)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            using var answer = await client.SendAsync(request, Ct);
            return answer.StatusCode;
        }
        Assert.Equal(HttpStatusCode.NotFound, await Answer(app.Stranger, HttpMethod.Post, $"api/customers/{ann}/merge", new { merged = theirs }));
        Assert.Equal(HttpStatusCode.NotFound, await Answer(app.Stranger, HttpMethod.Post, $"api/customers/{ann}/merges/{merge}/undo"));
        Assert.Equal(HttpStatusCode.NotFound, await Answer(app.Stranger, HttpMethod.Delete, $"api/customers/{ann}"));
        Assert.Equal("[]", (await app.Stranger.Json($"api/customers/{ann}/merges")).GetRawText());
        Assert.Equal(HttpStatusCode.Forbidden, await Answer(app.Viewer, HttpMethod.Delete, $"api/customers/{ann}"));
        Assert.Equal(HttpStatusCode.Forbidden, await Answer(app.Viewer, HttpMethod.Post, $"api/customers/{ann}/merge", new { merged = bob }));
    }

    [Fact]
    public async Task Over_HTTP_a_merged_profile_is_its_person_in_lists_page_and_timeline()
    {
        var (ann, bob) = (await Customer("zoe"), await Customer("yves"));
        await app.Db.Run($"select log.append('page_view', {bob}, occurred_at => now() - interval '1 hour')", Ct);
        await app.Db.Run($"select log.append('page_view', {ann})", Ct);
        using var answer = await app.Admin.PostAsJsonAsync($"api/customers/{ann}/merge", new { merged = bob, reason = "same card" }, Ct);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var merge = await answer.Content.ReadFromJsonAsync<JsonElement>(Ct);
        Assert.True(merge.GetProperty("undoable").GetBoolean());

        Assert.Equal(ann, (await app.Admin.Json($"api/customers/{bob}")).GetProperty("id").GetGuid());
        Assert.Equal(0, (await app.Admin.Json("api/customers?search=yves")).GetProperty("items").GetArrayLength());
        var views = (await app.Admin.Json($"api/customers/{bob}/timeline?type=page_view")).GetProperty("items");
        Assert.Equal(2, views.GetArrayLength());
        Assert.Equal("same card", (await app.Admin.Json($"api/customers/{ann}/merges"))[0].GetProperty("reason").GetString());

        using var undo = await app.Admin.PostAsync($"api/customers/{ann}/merges/{merge.GetProperty("id").GetGuid()}/undo", null, Ct);
        Assert.Equal(HttpStatusCode.NoContent, undo.StatusCode);
        using var again = await app.Admin.PostAsync($"api/customers/{ann}/merges/{merge.GetProperty("id").GetGuid()}/undo", null, Ct);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Equal("wrong_state", (await again.Content.ReadFromJsonAsync<JsonElement>(Ct)).GetProperty("code").GetString());
        Assert.Equal(1, (await app.Admin.Json("api/customers?search=yves")).GetProperty("items").GetArrayLength());
        using var erased = await app.Admin.DeleteAsync($"api/customers/{bob}", Ct);
        Assert.Equal(HttpStatusCode.NoContent, erased.StatusCode);
        Assert.Equal(0, (await app.Admin.Json("api/customers?search=yves")).GetProperty("items").GetArrayLength());
    }
}
