using Clientele.Platform.Data;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Customers.Tests;

/// <summary>Accounts, profiles, guardians, addresses, devices and visits, and the documents' views over them.</summary>
public sealed class PeopleTests(PeopleTests.Database database) : IClassFixture<PeopleTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<Guid> User(string? born = null)
    {
        var id = await database.Db.One<Guid>($"insert into wolo.users (phone) values ({"+22177" + Random.Shared.NextInt64(10_000_000, 99_999_999)}) returning id", Ct);
        if (born is not null) await database.Db.Run($"update customers.customers set date_of_birth = {born}::date where id = {id}", Ct);
        return id;
    }

    private async Task<string> Refused(Sql statement) => (await Assert.ThrowsAsync<PostgresException>(() => database.Db.Run(statement, Ct))).SqlState;

    [Fact]
    public async Task A_user_of_the_document_is_an_account_and_a_customer()
    {
        var id = await database.Db.One<Guid>($"insert into wolo.users (email, auth_provider, roles) values ('Awa@wolo.example', 'google', {new[] { "user", "partner" }}) returning id", Ct);
        Assert.Equal("Awa@wolo.example", await database.Db.One<string>($"select c.customer_id from customers.customers c where c.id = {id}", Ct));
        await database.Db.Run($"update wolo.users set is_active = false where id = {id}", Ct);
        Assert.False(await database.Db.One<bool>($"select a.is_active from customers.accounts a where a.customer_id = {id}", Ct));
        Assert.Equal(0, await database.For(database.Beta).One<long>($"select count(*) from wolo.users u where u.id = {id}", Ct));
        Assert.Equal(1, await database.Db.One<long>($"select count(*) from jyotiflow.users u where u.id = {id}", Ct));
    }

    [Fact]
    public async Task Defect_098_Addresses_are_one_whatever_their_case_and_phones_are_international()
    {
        await database.Db.Run($"insert into wolo.users (email) values ('Case@wolo.example')", Ct);
        Assert.Equal("23505", await Refused($"insert into wolo.users (email) values ('case@WOLO.example')"));
        await database.For(database.Beta).Run($"insert into wolo.users (email) values ('case@wolo.example')", Ct);
        foreach (var phone in new[] { "", "771234567", "+0771234567", "+221 77 123", "+2217712345678901" })
            Assert.Equal("23514", await Refused($"insert into wolo.users (phone) values ({phone})"));
        Assert.Equal("23514", await Refused($"insert into wolo.users (auth_provider) values ('phone')"));
        Assert.Equal("23514", await Refused($"insert into wolo.users (email, roles) values ('x@wolo.example', {new[] { "emperor" }})"));

        var id = await User();
        await database.Db.Run($"insert into wolo.user_addresses (user_id, city, is_default) values ({id}, 'Thiès', true), ({id}, 'Dakar', false)", Ct);
        Assert.Equal("23505", await Refused($"insert into wolo.user_addresses (user_id, is_default) values ({id}, true)"));
        Assert.Equal("23514", await Refused($"insert into wolo.user_addresses (user_id, country) values ({id}, 'Senegal')"));

        var token = new string('a', 64);
        await database.Db.Run($"insert into wolo.user_sessions (user_id, token_hash, expires_at) values ({id}, {token}, now() + interval '1 day')", Ct);
        Assert.Equal("23505", await Refused($"insert into wolo.user_sessions (user_id, token_hash, expires_at) values ({id}, {token}, now() + interval '1 day')"));
        Assert.Equal("23514", await Refused($"insert into wolo.user_sessions (user_id, token_hash, expires_at) values ({id}, 'the token itself', now() + interval '1 day')"));
    }

    [Fact]
    public async Task What_proves_who_somebody_is_is_not_read_by_the_application() =>
        Assert.Equal("42501", await Refused($"select a.password_hash from customers.accounts a"));

    [Fact]
    public async Task A_key_can_neither_set_a_password_nor_give_roles_nor_make_a_session()
    {
        var id = await User();
        var key = database.For(database.Alpha with { Access = Clientele.Platform.Tenancy.Access.Key });
        foreach (var act in new Sql[]
        {
            $"update customers.accounts set password_hash = 'mine' where customer_id = {id}",
            $"update wolo.users set roles = array['super_admin'] where id = {id}",
            $"insert into customers.account_sessions (customer_id, token_hash, expires_at) values ({id}, {new string('b', 64)}, now() + interval '1 day')",
            $"insert into customers.person_map (profile_id, person_id) values ({id}, {await User()})",
            $"update customers.customers set erased_at = now() where id = {id}",
            $"select customers.write_columns({id}, jsonb_build_object('name', 'x'))",
        })
            Assert.Equal("42501", (await Assert.ThrowsAsync<PostgresException>(() => key.Run(act, Ct))).SqlState);
        await key.Run($"update wolo.users set is_active = false where id = {id}", Ct);
    }

    [Fact]
    public async Task Defect_077_Whether_somebody_is_a_minor_goes_by_the_date_where_they_live()
    {
        // Eighteen tomorrow by Dakar's date: a minor in Dakar, whatever the session's zone says.
        var born = await database.Db.One<string>($"select ((now() at time zone 'Africa/Dakar')::date + 1 - interval '18 years')::date::text", Ct);
        var minor = await User();
        foreach (var zone in new[] { "UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago" })
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => database.Db.InTransaction(async t =>
            {
                await t.Run($"select set_config('timezone', {zone}, true)", Ct);
                await t.Run($"insert into wolo.profiles (user_id, full_name, date_of_birth) values ({minor}, 'Minor', {born}::date)", Ct);
            }, Ct));
            Assert.Equal("minor_has_guardian", refused.ConstraintName);
        }
        var adult = await User();
        await database.Db.Run($"insert into wolo.profiles (user_id, full_name, date_of_birth) values ({adult}, 'Adult', {born}::date - 1)", Ct);
    }

    [Fact]
    public async Task Defect_078_A_guardian_is_another_person_of_age()
    {
        var (child, sibling, parent) = (await User(), await User("2015-05-05"), await User("1980-01-01"));
        Task<string> With(Guid guardian, string relation) => Refused($"insert into wolo.profiles (user_id, full_name, date_of_birth, guardian_user_id, relationship_type) values ({child}, 'Child', '2016-06-06', {guardian}, {relation})");
        Assert.Equal("23514", await With(child, "parent"));
        Assert.Equal("23514", await With(sibling, "sibling"));
        Assert.Equal("23514", await With(parent, "neighbour"));
        Assert.Equal("23514", await Refused($"insert into wolo.profiles (user_id, full_name, date_of_birth) values ({child}, 'Child', current_date + 400)"));
        await database.Db.Run($"insert into wolo.profiles (user_id, full_name, date_of_birth, guardian_user_id, relationship_type) values ({child}, 'Child', '2016-06-06', {parent}, 'parent')", Ct);
        Assert.Equal("23514", await Refused($"update wolo.profiles set guardian_user_id = null, relationship_type = null where user_id = {child}"));
        // A profile says how old somebody is: making an adult a child asks for the guardian too.
        var adult = await User();
        await database.Db.Run($"insert into wolo.profiles (user_id, full_name, date_of_birth) values ({adult}, 'Adult', '1990-01-01')", Ct);
        Assert.Equal("23514", await Refused($"update customers.customers set date_of_birth = '2020-01-01' where id = {adult}"));
        Assert.Equal("23514", await Refused($"update wolo.profiles set date_of_birth = '2020-01-01' where user_id = {adult}"));
        Assert.Equal("1990-01-01", await database.Db.One<string>($"select p.date_of_birth::text from wolo.profiles p where p.user_id = {adult}", Ct));
    }

    [Fact]
    public async Task Defect_109_The_number_of_an_identity_card_goes_in_and_does_not_come_out()
    {
        var (one, two) = (await User("1990-01-01"), await User("1991-01-01"));
        await database.Db.Run($"insert into wolo.profiles (user_id, full_name, date_of_birth, id_type, id_country, id_number) values ({one}, 'One', '1990-01-01', 'passport', 'SEN', 'A01X99')", Ct);
        Assert.Equal(string.Empty, await database.Db.One<string>($"select coalesce(p.id_number, '') from wolo.profiles p where p.user_id = {one}", Ct));
        Assert.DoesNotContain("A01X99", await database.Db.One<string>($"select to_jsonb(p)::text from customers.profiles p where p.customer_id = {one}", Ct), StringComparison.Ordinal);
        // One document, one person; in another organization it is another matter.
        Assert.Equal("23505", await Refused($"insert into wolo.profiles (user_id, full_name, date_of_birth, id_type, id_country, id_number) values ({two}, 'Two', '1991-01-01', 'passport', 'SEN', 'A01X99')"));
    }

    [Fact]
    public async Task An_erased_guardian_is_none_and_the_wards_next_change_names_another()
    {
        var (child, parent) = (await User(), await User("1980-01-01"));
        await database.Db.Run($"insert into wolo.profiles (user_id, full_name, date_of_birth, guardian_user_id, relationship_type) values ({child}, 'Child', '2016-06-06', {parent}, 'parent')", Ct);
        var other = await User("1975-05-05");
        await database.Db.Run($"select customers.erase({parent})", Ct);
        Assert.Null(await database.Db.One<string?>($"select c.name from customers.customers c where c.id = {parent}", Ct));
        // The profile still says that there was one; whoever changes who that is names somebody of age.
        Assert.Equal("23514", await Refused($"update wolo.profiles set guardian_user_id = null, relationship_type = null where user_id = {child}"));
        Assert.Equal("23514", await Refused($"update wolo.profiles set relationship_type = 'guardian' where user_id = {child}"));
        await database.Db.Run($"update wolo.profiles set guardian_user_id = {other}, relationship_type = 'guardian' where user_id = {child}", Ct);
    }

    [Fact]
    public async Task Defect_114_120_Two_sites_may_give_out_the_same_session_id_and_a_session_knows_its_end()
    {
        var second = await database.Service.One<Guid>($"insert into platform.workspaces (organization_id, slug, name) values ({database.Alpha.OrganizationId}, {"w" + Guid.NewGuid().ToString("N")[..8]}, 'Second') returning id", Ct);
        foreach (var workspace in new[] { database.Alpha.WorkspaceId!.Value, second })
            await database.Db.Run($"insert into assistant.customer_sessions (customer_id, session_id, user_identifier) values ({workspace}, 's1', 'anon')", Ct);
        Assert.Equal("23505", await Refused($"insert into assistant.customer_sessions (customer_id, session_id, user_identifier) values ({second}, 's1', 'anon')"));
        Assert.Equal("23503", await Refused($"insert into assistant.customer_sessions (customer_id, session_id, user_identifier) values ({database.Beta.WorkspaceId}, 's1', 'anon')"));
        Assert.False(await database.Db.One<bool>($"select bool_or(s.expired) from assistant.customer_sessions s", Ct));
        await database.Db.Run($"update customers.visits set started_at = now() - interval '2 hours', last_activity_at = now() - interval '2 hours', expires_at = now() - interval '1 hour' where workspace_id = {second}", Ct);
        Assert.Equal([second], await database.Db.List<Guid>($"select s.customer_id from assistant.customer_sessions s where s.expired", Ct));
    }

    [Fact]
    public async Task Defect_047_Ages_are_worked_out()
    {
        Assert.Equal(17, await database.Db.One<int>($"select customers.age('2008-02-29', 'UTC', '2026-02-28T23:00Z')", Ct));
        Assert.Equal(18, await database.Db.One<int>($"select customers.age('2008-02-29', 'UTC', '2026-03-01T00:00Z')", Ct));
        // The same moment is another day elsewhere.
        Assert.Equal(18, await database.Db.One<int>($"select customers.age('2008-03-01', 'Asia/Tokyo', '2026-02-28T23:00Z')", Ct));
        Assert.Equal("25-34", await database.Db.One<string>($"select customers.age_group((current_date - interval '30 years')::date)", Ct));
    }
}
