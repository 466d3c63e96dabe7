using System.Net;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;

namespace Clientele.Events.Tests;

/// <summary>Whom events are about: visitors who become known, people who stay apart, ids that are nobody's.</summary>
public sealed class IdentityTests(CollectApp app) : IClassFixture<CollectApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Id(string prefix = "x") => prefix + "-" + Guid.NewGuid().ToString("N")[..12];

    private async Task<string> Send(string json, string? key = null)
    {
        var message = Id("m");
        await app.Sent("/v1/batch", $$"""{"batch": [{"messageId": "{{message}}", {{json}}}]}""", key);
        return message;
    }

    private async Task<Guid?> Profile(string message) => (await app.Event(message)).CustomerId;

    private Task<Guid> PersonOf(Guid profile) => app.Db.One<Guid>($"select customers.person({profile})", Ct);

    [Fact]
    public async Task A_visitor_who_says_who_they_are_keeps_their_past()
    {
        var (visitor, user) = (Id("anon"), Id("user"));
        var before = await Send($$""" "type": "page", "anonymousId": "{{visitor}}" """);
        Assert.True(await app.Db.One<bool>($"select c.anonymous from customers.customers c where c.customer_id = {visitor}", Ct));
        var identify = await Send($$""" "type": "identify", "anonymousId": "{{visitor}}", "userId": "{{user}}" """);
        var after = await Send($$""" "type": "track", "event": "E", "anonymousId": "{{visitor}}" """);
        Assert.Equal(await Profile(before), await Profile(identify));
        Assert.Equal(await Profile(before), await Profile(after));
        Assert.Equal((user, false), (await app.Db.One<Known>($"select c.customer_id, c.anonymous from customers.customers c where c.id = {await Profile(before)}", Ct)).Pair);
        Assert.Null(await app.Person(visitor, app.Beta));
    }

    private sealed record Told(string? Email, string? Phone, DateOnly? DateOfBirth, string? Name, string? Plan);

    private async Task<Told> WhatIsKnown(string user, Tenant? of = null) => await app.For(of ?? app.Alpha).One<Told>($"""
        select c.email, c.phone, c.date_of_birth, c.name, c.custom_attributes ->> 'plan' as plan
        from customers.customers c where c.id = customers.person((select u.id from customers.customers u where u.customer_id = {user}))
        """, Ct);

    private async Task<string> SecretKey()
    {
        var key = Id("sk_test");
        await app.Service.Run($"insert into platform.api_keys (organization_id, workspace_id, kind, name, key_hash, scopes) values ({app.Alpha.OrganizationId}, {app.Alpha.WorkspaceId}, 'secret', 'server', sha256(convert_to({key}, 'UTF8')), array['events:write'])", Ct);
        return key;
    }

    [Fact]
    public async Task A_key_of_web_pages_fills_in_an_address_and_does_not_replace_it()
    {
        var (user, secret) = (Id("user"), await SecretKey());
        await Send($$""" "type": "identify", "userId": "{{user}}", "traits": {"email": "first@a.example", "plan": "free"} """);
        await Send($$""" "type": "identify", "userId": "{{user}}", "traits": {"email": "thief@a.example", "phone": "+221770000001", "birthday": "1990-05-17", "name": "Awa", "plan": "pro"} """);
        // What was not known is filled in, what was is kept; all else is as it was told last.
        Assert.Equal(new Told("first@a.example", "+221770000001", new DateOnly(1990, 5, 17), "Awa", "pro"), await WhatIsKnown(user));
        await Send($$""" "type": "identify", "userId": "{{user}}", "traits": {"phone": "+221770000666", "birthday": "2015-05-17"} """);
        await app.Sent("/capture/", $$"""{"api_key": "{{app.Key}}", "event": "E", "distinct_id": "{{user}}", "properties": {"$set": {"email": "thief@a.example"} } }""", string.Empty);
        // Nor by way of a visitor who says to be them.
        var visitor = Id("anon");
        await Send($$""" "type": "identify", "anonymousId": "{{visitor}}", "traits": {"email": "thief@a.example", "phone": "+221770000666", "birthday": "2015-05-17"} """);
        await Send($$""" "type": "identify", "anonymousId": "{{visitor}}", "userId": "{{user}}", "traits": {"email": "thief@a.example"} """);
        Assert.Equal(new Told("first@a.example", "+221770000001", new DateOnly(1990, 5, 17), "Awa", "pro"), await WhatIsKnown(user));
        Assert.Equal(await app.Person(user), await app.Person(visitor));

        await Send($$""" "type": "identify", "userId": "{{user}}", "traits": {"email": "second@a.example", "phone": "+221770000002", "birthday": "1991-06-18"} """, secret);
        Assert.Equal(new Told("second@a.example", "+221770000002", new DateOnly(1991, 6, 18), "Awa", "pro"), await WhatIsKnown(user));
        await Send($$""" "type": "identify", "userId": "{{user}}", "traits": {"email": "first@a.example"} """);
        Assert.Equal("second@a.example", (await WhatIsKnown(user)).Email);

        // The same id in another organization is somebody else.
        await Send($$""" "type": "identify", "userId": "{{user}}", "traits": {"email": "beta@b.example"} """, app.BetaKey);
        Assert.Equal(("second@a.example", "beta@b.example"), ((await WhatIsKnown(user)).Email, (await WhatIsKnown(user, app.Beta)).Email));
    }

    [Fact]
    public async Task The_planner_hears_of_new_people_before_a_minute_of_look_ups_has_read_them_all()
    {
        var tag = Id("crowd");
        await app.Sent("/v1/batch", $$"""{"batch": [{{string.Join(',', Enumerable.Range(0, 2000).Select(n => $$"""{"type": "identify", "messageId": "{{tag}}-{{n}}", "userId": "{{tag}}-{{n}}", "anonymousId": "{{tag}}-b{{n}}"}"""))}}]}""");
        // While autovacuum looks at a table itself, nobody else does: then the next who comes does it.
        var grown = new List<double>();
        for (var patience = 0; patience < 50; patience++)
        {
            grown = await app.Service.List<double>($"""
                select pg_relation_size(c.oid)::double precision / current_setting('block_size')::integer / greatest(c.relpages, 4) from pg_class c
                where c.oid in ('customers.customers'::regclass, 'customers.identities'::regclass)
                """, Ct);
            if (grown.All(times => times <= 4)) break;
            await Task.Delay(100, Ct);
            await app.Sent("/v1/identify", $$"""{"messageId": "{{tag}}-more-{{patience}}", "userId": "{{tag}}-more-{{patience}}", "anonymousId": "{{tag}}-b-more-{{patience}}"}""");
        }
        Assert.Equal(2, grown.Count);
        Assert.All(grown, times => Assert.InRange(times, 0, 4));
        // Two thousand people do not fit in sixteen pages: somebody must have looked.
        Assert.True(await app.Service.One<bool>($"select c.relpages > 4 from pg_class c where c.oid = 'customers.customers'::regclass", Ct));
    }

    [Fact]
    public async Task Traits_in_the_context_are_told_by_identify_alone()
    {
        var (user, secret) = (Id("user"), await SecretKey());
        await Send($$""" "type": "identify", "userId": "{{user}}", "context": {"traits": {"email": "first@a.example", "plan": "free"} } """, secret);
        Assert.Equal(("first@a.example", "free"), ((await WhatIsKnown(user)).Email, (await WhatIsKnown(user)).Plan));
        // What stands beside is what is meant, and other calls only say whom they mean.
        await Send($$""" "type": "identify", "userId": "{{user}}", "traits": {"plan": "pro"}, "context": {"traits": {"plan": "old"} } """, secret);
        await Send($$""" "type": "track", "event": "E", "userId": "{{user}}", "context": {"traits": {"plan": "older"} } """, secret);
        Assert.Equal(("first@a.example", "pro"), ((await WhatIsKnown(user)).Email, (await WhatIsKnown(user)).Plan));
    }

    [Fact]
    public async Task A_visitor_without_a_name_may_correct_their_address()
    {
        var visitor = Id("anon");
        await Send($$""" "type": "identify", "anonymousId": "{{visitor}}", "traits": {"email": "tpyo@a.example"} """);
        await Send($$""" "type": "identify", "anonymousId": "{{visitor}}", "traits": {"email": "typo@a.example"} """);
        Assert.Equal("typo@a.example", (await WhatIsKnown(visitor)).Email);
    }

    private sealed record Known(string CustomerId, bool Anonymous)
    {
        public (string, bool) Pair => (CustomerId, Anonymous);
    }

    [Fact]
    public async Task A_visitor_who_turns_out_to_be_a_known_person_is_merged_and_can_be_taken_apart()
    {
        var (visitor, user) = (Id("anon"), Id("user"));
        var known = await Profile(await Send($$""" "type": "identify", "userId": "{{user}}", "traits": {"email": "{{user}}@a.example"} """));
        var unknown = await Profile(await Send($$""" "type": "identify", "anonymousId": "{{visitor}}", "traits": {"favourite": "tea"} """));
        Assert.NotEqual(known, unknown);
        await Send($$""" "type": "track", "event": "Login", "anonymousId": "{{visitor}}", "userId": "{{user}}" """);
        Assert.Equal(known, await PersonOf(unknown!.Value));
        Assert.Equal("tea", await app.Db.One<string>($"select c.custom_attributes ->> 'favourite' from customers.customers c where c.id = {known}", Ct));

        // Exact undo: the person is as before, and what the visitor's browser sends is the visitor's again.
        var merge = await app.Db.One<Guid>($"select m.id from customers.merges m where m.merged_id = {unknown}", Ct);
        await app.For(app.Alpha with { Access = Access.Admin }).Run($"select customers.undo_merge({merge})", Ct);
        Assert.Equal(unknown, await PersonOf(unknown.Value));
        Assert.Equal("{}", await app.Db.One<string>($"select c.custom_attributes::text from customers.customers c where c.id = {known}", Ct));
        Assert.Equal(unknown, await Profile(await Send($$""" "type": "page", "anonymousId": "{{visitor}}" """)));
    }

    [Fact]
    public async Task Two_people_with_names_are_never_made_one()
    {
        var (browser, first, second) = (Id("shared"), Id("user"), Id("user"));
        var one = await Profile(await Send($$""" "type": "identify", "anonymousId": "{{browser}}", "userId": "{{first}}" """));
        var two = await Profile(await Send($$""" "type": "identify", "anonymousId": "{{browser}}", "userId": "{{second}}" """));
        Assert.NotEqual(one, two);
        await Send($$""" "type": "alias", "userId": "{{first}}", "previousId": "{{second}}" """);
        Assert.Equal((one, two), (await PersonOf(one!.Value), await PersonOf(two!.Value)));
        // What the browser alone sends belongs to whom it told of first.
        Assert.Equal(one, await Profile(await Send($$""" "type": "page", "anonymousId": "{{browser}}" """)));
    }

    [Theory]
    [InlineData("event")]
    [InlineData("order")]
    public async Task A_visitor_whose_id_turns_out_to_be_a_name_is_taken_over_by_nobody(string way)
    {
        var (user, attacker, second) = (Id("user"), Id("attacker"), Id("known"));
        var profile = await Profile(await Send($$""" "type": "page", "anonymousId": "{{user}}" """));
        var theirs = (await app.Event(await Send($$""" "type": "page", "anonymousId": "{{user}}" """, app.BetaKey), app.Beta)).CustomerId;
        if (way == "event") await Send($$""" "type": "track", "event": "Login", "userId": "{{user}}" """);
        else await app.Db.Run($"select e.id from customers.ensure(array[{user}], array[now()], array[null], array[null], array[null], 'api', null) e", Ct);
        Assert.Equal((user, false), (await app.Db.One<Known>($"select c.customer_id, c.anonymous from customers.customers c where c.id = {profile}", Ct)).Pair);
        Assert.True(await app.For(app.Beta).One<bool>($"select c.anonymous from customers.customers c where c.id = {theirs}", Ct));

        await Send($$""" "type": "identify", "anonymousId": "{{user}}", "userId": "{{attacker}}" """);
        await Send($$""" "type": "track", "event": "E", "userId": "{{second}}" """);
        await Send($$""" "type": "alias", "previousId": "{{user}}", "userId": "{{second}}" """);
        Assert.Equal(profile, await PersonOf(profile!.Value));
        Assert.Equal(user, await app.Db.One<string>($"select c.customer_id from customers.customers c where c.id = {profile}", Ct));
        Assert.NotEqual(profile, await app.Person(attacker));
    }

    [Theory]
    [InlineData("anonymousId")]
    [InlineData("Anonymous ID")]
    [InlineData("userId")]
    public async Task Whose_browser_it_is_is_no_external_id(string kind)
    {
        var (user, browser) = (Id("user"), Id("anon"));
        await Send($$""" "type": "track", "event": "E", "userId": "{{user}}", "context": {"externalIds": [{"id": "{{browser}}", "type": "{{kind}}", "collection": "users"}, {"id": "{{browser}}", "type": "gaClientId", "collection": "users"}]} """);
        Assert.Equal(["ga_client_id"], await app.Db.List<string>($"select i.kind from customers.identities i where i.value = {browser}", Ct));
    }

    [Fact]
    public async Task Many_who_become_known_at_once_do_so_in_parts_and_lose_nothing()
    {
        var ids = Enumerable.Range(0, 60).Select(i => (User: Id($"u{i}"), Visitor: Id($"v{i}"))).ToArray();
        async Task All(Func<(string User, string Visitor), string> of) => await app.Sent("/v1/batch", $"{{\"batch\": [{string.Join(',', ids.Select(of))}]}}");
        await All(i => $$"""{"type": "track", "event": "E", "userId": "{{i.User}}"}""");
        await All(i => $$"""{"type": "page", "anonymousId": "{{i.Visitor}}"}""");
        Task<long> Merged() => app.Db.One<long>($"select count(*) from customers.merges m join customers.customers c on c.id = m.merged_id where c.customer_id = any({ids.Select(i => i.Visitor).ToArray()})", Ct);

        await All(i => $$"""{"type": "identify", "userId": "{{i.User}}", "anonymousId": "{{i.Visitor}}", "messageId": "first-{{i.User}}"}""");
        Assert.Equal(50, await Merged());
        foreach (var (user, _) in ids) Assert.Equal(await app.Person(user), await Profile("first-" + user));
        await All(i => $$"""{"type": "identify", "userId": "{{i.User}}", "anonymousId": "{{i.Visitor}}"}""");
        Assert.Equal(60, await Merged());
        foreach (var (user, visitor) in ids) Assert.Equal(await app.Person(user), await app.Person(visitor));
    }

    [Fact]
    public async Task An_alias_joins_a_visitor_to_a_new_name()
    {
        var (visitor, user) = (Id("anon"), Id("user"));
        var before = await Profile(await Send($$""" "type": "track", "event": "E", "anonymousId": "{{visitor}}" """));
        await Send($$""" "type": "alias", "userId": "{{user}}", "previousId": "{{visitor}}" """);
        Assert.Equal(before, await Profile(await Send($$""" "type": "track", "event": "E", "userId": "{{user}}" """)));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("null")]
    [InlineData("Anonymous")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("0")]
    [InlineData("[object Object]")]
    [InlineData("  ")]
    public async Task Ids_that_everybody_has_are_nobody(string id) =>
        Assert.Null(await Profile(await Send($$""" "type": "track", "event": "E", "userId": "{{id}}" """)));

    [Fact]
    public async Task Known_traits_have_columns_and_the_others_are_kept()
    {
        var user = Id("user");
        await Send($$"""
            "type": "identify", "userId": "{{user}}", "traits": {"email": "{{user}}@b.example", "firstName": "Awa", "lastName": "Diop", "phone": "+221771234567", "birthday": "1990-05-17T00:00:00Z",
            "gender": "female", "address": {"city": "Dakar", "country": "SN", "street": "Rue 10"}, "plan": "pro", "logins": 5}
            """);
        await Send($$""" "type": "identify", "userId": "{{user}}", "traits": {"plan": "free", "email": "no address"} """);
        var row = await app.Db.One<JsonElement>($"select to_jsonb(c) from customers.customers c where c.customer_id = {user}", Ct);
        Assert.Equal((user + "@b.example", "Awa Diop", "+221771234567", "1990-05-17", "Dakar", "SN"),
            (row.GetProperty("email").GetString(), row.GetProperty("name").GetString(), row.GetProperty("phone").GetString(), row.GetProperty("date_of_birth").GetString(), row.GetProperty("city").GetString(), row.GetProperty("country").GetString()));
        var more = row.GetProperty("custom_attributes");
        Assert.Equal(("free", 5, "Rue 10", "no address"), (more.GetProperty("plan").GetString(), more.GetProperty("logins").GetInt32(), more.GetProperty("address").GetProperty("street").GetString(), more.GetProperty("email").GetString()));
    }

    [Fact]
    public async Task Groups_have_traits_and_members()
    {
        var (user, group) = (Id("user"), Id("acct"));
        await Send($$""" "type": "group", "userId": "{{user}}", "groupId": "{{group}}", "traits": {"name": "Initech", "employees": 329} """);
        await Send($$""" "type": "group", "userId": "{{user}}", "groupId": "{{group}}", "traits": {"employees": 420} """);
        var row = await app.Db.One<JsonElement>($"""
            select to_jsonb(g) || jsonb_build_object('members', array(select c.customer_id from customers.group_members m join customers.customers c on c.id = m.customer_id where m.group_id = g.id))
            from customers.groups g where g.group_key = {group}
            """, Ct);
        Assert.Equal(("Initech", 420, user), (row.GetProperty("name").GetString(), row.GetProperty("traits").GetProperty("employees").GetInt32(), row.GetProperty("members")[0].GetString()));
        Assert.Equal(0, await app.For(app.Beta).One<long>($"select count(*) from customers.groups", Ct));
    }

    [Fact]
    public async Task External_ids_are_kept_up_to_their_limit_and_belong_to_one()
    {
        var (user, other, shared) = (Id("user"), Id("user"), Id("ga"));
        for (var i = 0; i < 7; i++) await Send($$""" "type": "track", "event": "E", "userId": "{{user}}", "context": {"externalIds": [{"id": "{{(i == 0 ? shared : Id("ga"))}}", "type": "ga_client_id", "collection": "users"}]} """);
        await Send($$""" "type": "track", "event": "E", "userId": "{{other}}", "context": {"externalIds": [{"id": "{{shared}}", "type": "ga_client_id", "collection": "users"}], "device": {"type": "ios", "id": "{{Id("idfv")}}"} } """);
        Assert.Equal(5, await app.Db.One<long>($"select count(*) from customers.identities i where i.kind = 'ga_client_id' and i.customer_id = {await app.Person(user)}", Ct));
        Assert.Equal(["ios.id"], await app.Db.List<string>($"select i.kind from customers.identities i where i.customer_id = {await app.Person(other)}", Ct));
    }

    [Fact]
    public async Task The_first_and_the_last_way_here_are_on_the_profile()
    {
        var visitor = Id("anon");
        await Send($$""" "type": "page", "anonymousId": "{{visitor}}", "timestamp": "2024-05-01T10:00:00Z", "context": {"page": {"url": "https://shop.example/", "referrer": "https://www.google.com/search"} } """);
        await Send($$""" "type": "page", "anonymousId": "{{visitor}}", "timestamp": "2024-05-02T10:00:00Z", "context": {"page": {"url": "https://shop.example/?utm_source=news&utm_medium=email&utm_campaign=may", "referrer": ""} } """);
        await Send($$""" "type": "page", "anonymousId": "{{visitor}}", "timestamp": "2024-05-02T10:01:00Z", "context": {"page": {"url": "https://shop.example/a", "referrer": "https://shop.example/"} } """);
        var row = await app.Db.One<JsonElement>($"select to_jsonb(c) from customers.customers c where c.customer_id = {visitor}", Ct);
        Assert.Equal(("search", "google.com"), (row.GetProperty("acquisition_channel").GetString(), row.GetProperty("acquisition_source").GetString()));
        Assert.Equal(("email", "may"), (row.GetProperty("last_touch").GetProperty("channel").GetString(), row.GetProperty("last_touch").GetProperty("campaign").GetString()));
    }

    [Fact]
    public async Task Who_was_erased_is_told_of_no_more_under_any_id()
    {
        var (visitor, user) = (Id("anon"), Id("user"));
        await Send($$""" "type": "identify", "anonymousId": "{{visitor}}", "userId": "{{user}}", "traits": {"email": "{{user}}@c.example"} """);
        var person = await app.Person(user);
        using (var erased = await app.Admin.DeleteAsync(new Uri($"api/customers/{person}", UriKind.Relative), Ct)) Assert.Equal(HttpStatusCode.NoContent, erased.StatusCode);
        var words = await app.Db.One<string>($"select string_agg(e.context::text, '') from log.events e where e.customer_id = {person}", Ct) ?? string.Empty;
        Assert.DoesNotContain(user, words, StringComparison.Ordinal);

        foreach (var json in (string[])[$"\"userId\": \"{user}\"", $"\"anonymousId\": \"{visitor}\"", $"\"userId\": \"{Id()}\", \"traits\": {{\"email\": \"{user.ToUpperInvariant()}@C.example\"}}"])
            Assert.Empty(await app.Events(await Send($"\"type\": \"identify\", {json}")));
        // Nobody of another organization is concerned.
        Assert.Single(await app.Events(await Send($"\"type\": \"identify\", \"userId\": \"{user}\"", app.BetaKey), app.Beta));
    }

    [Fact]
    public async Task Who_does_not_want_to_be_watched_is_not()
    {
        var user = Id("user");
        await Send($$""" "type": "identify", "userId": "{{user}}" """);
        await app.Db.Run($"select customers.refuse_tracking({await app.Person(user)}, true)", Ct);
        Assert.Empty(await app.Events(await Send($$""" "type": "track", "event": "E", "userId": "{{user}}" """)));
        Assert.Empty(await app.Events(await Send($$""" "type": "track", "event": "E", "userId": "{{Id()}}", "context": {"consent": {"categoryPreferences": {"Analytics": false} } } """)));
        Assert.Single(await app.Events(await Send($$""" "type": "track", "event": "E", "userId": "{{Id()}}", "context": {"consent": {"categoryPreferences": {"Advertising": false, "Analytics": true} } } """)));

        await app.Db.Run($"select customers.refuse_tracking({await app.Person(user)}, false)", Ct);
        Assert.Single(await app.Events(await Send($$""" "type": "track", "event": "E", "userId": "{{user}}" """)));
    }

    [Fact]
    public async Task Or_only_what_happened_is_kept()
    {
        await app.Set("collection.refused", "\"strip\"", app.Beta);
        var (user, word) = (Id("user"), Id("Event"));
        await Send($$""" "type": "track", "event": "{{word}}", "userId": "{{user}}", "properties": {"price": 5}, "context": {"ip": "203.0.113.9", "page": {"url": "https://a.example/x?email=me"}, "consent": {"categoryPreferences": {"analytics": false} } } """, app.BetaKey);
        var row = await app.For(app.Beta).One<JsonElement>($"select to_jsonb(e) from log.events e where e.event_name = {word}", Ct);
        Assert.Equal(5, row.GetProperty("properties").GetProperty("price").GetInt32());
        Assert.Equal("https://a.example/x", row.GetProperty("page_url").GetString());
        foreach (var column in (string[])["customer_id", "context", "ip_address", "user_agent"]) Assert.Equal(JsonValueKind.Null, row.GetProperty(column).ValueKind);
        Assert.Null(await app.Person(user, app.Beta));
    }

    [Fact]
    public async Task Eight_who_make_the_same_people_known_at_once_agree()
    {
        var (users, visitors) = (Enumerable.Range(0, 6).Select(_ => Id("user")).ToArray(), Enumerable.Range(0, 6).Select(_ => Id("anon")).ToArray());
        // Visitors and users are known apart, so that every link is a merge, or a promotion of who is not.
        foreach (var v in visitors) await Send($$""" "type": "page", "anonymousId": "{{v}}" """);
        foreach (var u in users[..3]) await Send($$""" "type": "track", "event": "E", "userId": "{{u}}" """);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 6; i++)
            {
                var at = (writer + i) % 6;
                await Send($$""" "type": "identify", "userId": "{{users[at]}}", "anonymousId": "{{visitors[at]}}", "traits": {"turn": {{writer}}} """);
            }
        }, Ct)));
        for (var i = 0; i < 6; i++) Assert.Equal(await app.Person(users[i]), await app.Person(visitors[i]));
        Assert.Equal(3, await app.Db.One<long>($"""
            select count(*) from customers.merges m join customers.customers c on c.id = m.merged_id where c.customer_id = any({visitors}) and m.status = 'done'
            """, Ct));
        Assert.Equal(6, await app.Db.One<long>($"select count(distinct customers.person(i.customer_id)) from customers.identities i where i.value = any({visitors})", Ct));
    }

    [Fact]
    public async Task Somebody_who_gets_the_name_a_moment_before_is_merged_and_nothing_is_quarantined()
    {
        var (visitor, user) = (Id("anon"), Id("user"));
        await Send($$""" "type": "page", "anonymousId": "{{visitor}}" """);
        await Meanwhile(t => t.Run($"insert into customers.customers (customer_id, first_seen_at, data_source) values ({user}, now(), 'api')", Ct), $$""" "type": "identify", "anonymousId": "{{visitor}}", "userId": "{{user}}" """);
        Assert.Equal(await app.Person(user), await app.Person(visitor));
    }

    [Fact]
    public async Task A_visitor_whom_another_merges_a_moment_before_is_one_person_and_nothing_is_quarantined()
    {
        var (visitor, user) = (Id("anon"), Id("user"));
        // The user was here first and takes nothing over: only the merge itself waits for the other.
        var track = await Send($$""" "type": "track", "event": "E", "userId": "{{user}}" """);
        var page = await Send($$""" "type": "page", "anonymousId": "{{visitor}}" """);
        await Meanwhile(async t => await t.One<Guid>($"select customers.merge({await Profile(track)}, {await Profile(page)})", Ct), $$""" "type": "identify", "anonymousId": "{{visitor}}", "userId": "{{user}}" """);
        Assert.Equal(await app.Person(user), await app.Person(visitor));
    }

    [Fact]
    public async Task Somebody_whom_an_undone_import_takes_along_a_moment_before_is_made_anew_and_nothing_is_quarantined()
    {
        var user = Id("user");
        await Send($$""" "type": "track", "event": "E", "userId": "{{user}}" """);
        await Meanwhile(t => t.Run($"delete from customers.customers c where c.customer_id = {user}", Ct), $$""" "type": "group", "userId": "{{user}}", "groupId": "{{Id("group")}}" """);
        Assert.NotNull(await app.Person(user));
    }

    [Fact]
    public async Task A_visitor_becomes_the_person_that_theirs_was_merged_into_a_moment_before()
    {
        var (visitor, user, person) = (Id("anon"), Id("user"), Id("person"));
        var first = await Send($$""" "type": "track", "event": "E", "userId": "{{person}}" """);
        var track = await Send($$""" "type": "track", "event": "E", "userId": "{{user}}" """);
        await Send($$""" "type": "page", "anonymousId": "{{visitor}}" """);
        await Meanwhile(async t => await t.One<Guid>($"select customers.merge({await Profile(first)}, {await Profile(track)})", Ct), $$""" "type": "identify", "anonymousId": "{{visitor}}", "userId": "{{user}}" """);
        Assert.Equal((await app.Person(person), await app.Person(person)), (await app.Person(user), await app.Person(visitor)));
    }

    [Fact]
    public async Task What_is_told_of_somebody_who_is_erased_a_moment_before_is_kept_nowhere()
    {
        var (visitor, user) = (Id("anon"), Id("user"));
        var track = await Send($$""" "type": "track", "event": "E", "userId": "{{user}}" """);
        await Send($$""" "type": "page", "anonymousId": "{{visitor}}" """);
        await Meanwhile(async t => await t.Run($"select customers.erase({await Profile(track)})", Ct),
            $$""" "type": "identify", "anonymousId": "{{visitor}}", "userId": "{{user}}", "traits": {"city": "Gotham"} """, written: false);
        Assert.Equal(0, await app.Db.One<long>($"select count(*) from customers.customers c where c.customer_id = {user} or c.city = 'Gotham'", Ct));
    }

    [Fact]
    public async Task A_browser_too_many_is_whose_it_is_said_to_be_and_keeps_nobody_from_being_written()
    {
        var (first, visitor, user, neighbour) = (Id("anon"), Id("anon"), Id("user"), Id("user"));
        await app.Set("collection.max_browsers", "1");
        try
        {
            await Send($$""" "type": "identify", "anonymousId": "{{first}}", "userId": "{{user}}" """);
            var ids = new[] { Id("m"), Id("m"), Id("m") };
            await app.Sent("/v1/batch", $$"""
                {"batch": [{"messageId": "{{ids[0]}}", "type": "page", "anonymousId": "{{visitor}}"}, {"messageId": "{{ids[1]}}", "type": "identify", "anonymousId": "{{visitor}}", "userId": "{{user}}"},
                           {"messageId": "{{ids[2]}}", "type": "track", "event": "E", "userId": "{{neighbour}}"}]}
                """);
            Assert.Equal(await app.Person(user), await Profile(ids[0]));
            Assert.Equal(await app.Person(user), await Profile(ids[1]));
            Assert.Equal(await app.Person(neighbour), await Profile(ids[2]));
        }
        finally { await app.Set("collection.max_browsers", "100"); }
    }

    // Another writer does something and has not committed yet when an event comes that must wait for it.
    private async Task Meanwhile(Func<Transaction, Task> work, string json, bool written = true)
    {
        Task<string> sent = null!;
        await app.For(app.Alpha with { Access = Access.System }).InTransaction(async t =>
        {
            await work(t);
            sent = Send(json);
            while (!await t.One<bool>($"select exists (select from pg_locks l where not l.granted and pg_backend_pid() = any (pg_blocking_pids(l.pid)))", Ct))
            {
                Assert.False(sent.IsCompleted, "It waited for nobody.");
                await Task.Delay(10, Ct);
            }
        }, Ct);
        Assert.Empty(await app.Db.List<string[]>($"select q.problems from events.quarantined_events q where q.message_id = {await sent}", Ct));
        if (written) await app.Event(await sent);
        else Assert.Empty(await app.Events(await sent));
        Assert.Empty(await app.Events(await sent, app.Beta));
    }
}
