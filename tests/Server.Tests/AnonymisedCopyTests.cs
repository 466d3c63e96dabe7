using Clientele.Platform.Backups;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Server.Tests;

/// <summary>Copies for staging: each column of each table has a kind, and where it is a person's nothing of them is left.</summary>
public sealed class AnonymisedCopyTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_column_that_can_hold_words_has_a_kind_and_every_kind_a_column()
    {
        await using var superuser = await database.OpenSuperuser();
        Assert.Empty(Anonymiser.Misfits(await Anonymiser.Columns(superuser, Ct), Anonymisation.Rules));
    }

    [Fact]
    public async Task What_an_erasure_removes_no_copy_keeps()
    {
        // Personal for one is personal for the other.
        var personal = await database.Service.List<string>($"select distinct r.relation || '.' || p.name from customers.reference_rules r cross join lateral unnest(r.personal) as p (name)", Ct);
        var kept = Anonymisation.Rules.Tables.Where(t => t.Value is not null).SelectMany(t => t.Value!.Where(c => c.Value is "keep" or "scan").Select(c => $"{t.Key}.{c.Key}"));
        Assert.NotEmpty(personal);
        Assert.Empty(personal.Intersect(kept));
    }

    [Fact]
    public async Task Nobody_is_found_in_a_copy_and_the_same_person_is_the_same_everywhere()
    {
        await using var own = new TestDatabase();
        await own.InitializeAsync();
        await using var superuser = await own.OpenSuperuser();
        await superuser.Run(ErasureTests.FillRow);
        var (alpha, rules) = (own.Alpha.OrganizationId!.Value, Anonymisation.Rules);
        var filled = await Fill(superuser, rules, alpha);
        // A row with the marked word in nearly every table that has room for words.
        Assert.True(filled.Count > 70, $"{filled.Count}");
        await superuser.Run($$"""
            insert into customers.customers (organization_id, customer_id, email, phone, name, custom_attributes) values
                ('{{alpha}}', 'anneliese-1', 'Anneliese.Weber@shop.example', '+221771234567', 'Anneliese Weber', '{"nick": "anneliese", "anneliese@shop.example": 1, "mobile": 221771234567, "friends": ["Anneliese", {"of": "anneliese@shop.example"}]}');
            insert into log.events (organization_id, event_type, event_name, occurred_at, page_url, properties) values
                ('{{alpha}}', 'visited', 'visited', now(), 'https://shop.example/a?mail=anneliese@shop.example', '{"email": "ANNELIESE.weber@shop.example", "product_id": "A-1", "value": 12.5}')
            """);
        var before = await Texts(superuser, rules);
        Assert.NotEmpty(before);

        await Anonymiser.Run(superuser, rules, Ct);

        Assert.Empty(await Texts(superuser, rules));
        var made = await One(superuser, $"""
            select c.email || ' ' || c.phone || ' ' || (c.email = e.properties ->> 'email') || ' ' || (e.properties ->> 'product_id') || ' ' || (e.properties ->> 'value') || ' ' || e.page_url
            from customers.customers c, log.events e where c.custom_attributes ? 'nick' and e.properties ? 'product_id'
            """);
        Assert.Matches(@"^p[0-9a-f]{12}@example\.invalid \+999\d{9} true A-1 12\.5 https://shop\.example/a$", made);
        // Nothing opens staging, and nothing of it goes out with production's means.
        Assert.Equal("0 0 0 0", await One(superuser, $"""
            select concat_ws(' ', (select count(*) from platform.platform_users u where u.password_hash is not null or u.totp_secret is not null), (select count(*) from platform.platform_user_sessions),
                (select count(*) from messaging.credentials), (select count(*) from platform.setting_values v where v.is_sensitive))
            """));
        Assert.Equal("0", await One(superuser, "select count(*)::text from platform.platform_users u where u.email not like '%@example.invalid'"));
    }

    // Which tables took a row.
    private static async Task<List<string>> Fill(NpgsqlConnection superuser, AnonymisationRules rules, Guid organization)
    {
        await superuser.Run($"select set_config('clientele.organization_id', '{organization}', false), set_config('clientele.access', 'admin', false)");
        await superuser.Run("set session_replication_role = replica");
        var filled = new List<string>();
        foreach (var table in rules.Tables.Keys)
        {
            if (await One(superuser, $"select count(*)::text from pg_attribute a where a.attrelid = '{table}'::regclass and a.attname = 'organization_id'") == "0") continue;
            try
            {
                await superuser.Run($"""
                    select pg_temp.fill_row('{table}', 'no_such_column', null, '{organization}', '{ErasureTests.Known}'::jsonb
                        || jsonb_build_object('growth.referrals.invited_phone', null, 'growth.referrals.referral_code', 'abcdefgh', '{table}.token_hash', repeat('ab', 32)))
                    """);
                filled.Add(table);
            }
            // Rules that no row made of the catalogue alone keeps to.
            catch (PostgresException) { continue; }
        }
        await superuser.Run("set session_replication_role = origin");
        return filled;
    }

    // Columns of persons in which the word still stands; of the organization's own texts, only addresses count.
    private static async Task<List<string>> Texts(NpgsqlConnection superuser, AnonymisationRules rules)
    {
        var found = new List<string>();
        foreach (var (table, kinds) in rules.Tables)
        {
            if (kinds is null && await One(superuser, $"select count(*)::text from {table}") != "0") found.Add(table);
            foreach (var (column, kind) in kinds ?? new Dictionary<string, string>())
            {
                if (kind == "keep") continue;
                var pattern = kind is "scan" or "url" ? "anneliese@" : "anneliese|771234567";
                if (await One(superuser, $"select count(*)::text from {table} x where x.\"{column}\"::text ~* '{pattern}'") != "0") found.Add($"{table}.{column}");
            }
        }
        return found;
    }

    private static async Task<string> One(NpgsqlConnection connection, string text)
    {
        await using var command = new NpgsqlCommand(text, connection);
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    }
}
