using System.Globalization;
using Clientele.Platform.Migrations;

namespace Clientele.DataApi.Standalone;

/// <summary>PostgREST's settings, by the names its environment variables have without PGRST_.</summary>
public sealed record StandaloneOptions
{
    /// <summary>PGRST_DB_URI: a postgres:// address or an Npgsql connection string. Without a host: that of PGHOST or the local socket.</summary>
    public string DbUri { get; init; } = string.Empty;

    /// <summary>PGRST_DB_SCHEMAS: the schemas offered; the first is the one meant by default.</summary>
    public IReadOnlyList<string> DbSchemas { get; init; } = ["public"];

    /// <summary>PGRST_DB_ANON_ROLE: whom a request without a token acts as; null: none may come.</summary>
    public string? DbAnonRole { get; init; }

    /// <summary>PGRST_DB_EXTRA_SEARCH_PATH.</summary>
    public IReadOnlyList<string> DbExtraSearchPath { get; init; } = ["public"];

    /// <summary>PGRST_DB_MAX_ROWS: the most rows a read gives.</summary>
    public long? DbMaxRows { get; init; }

    /// <summary>PGRST_DB_PRE_REQUEST: a function called before every statement.</summary>
    public string? DbPreRequest { get; init; }

    /// <summary>PGRST_DB_PLAN_ENABLED.</summary>
    public bool DbPlanEnabled { get; init; }

    /// <summary>PGRST_DB_AGGREGATES_ENABLED.</summary>
    public bool DbAggregatesEnabled { get; init; }

    /// <summary>PGRST_DB_TX_END: commit, commit-allow-override, rollback or rollback-allow-override.</summary>
    public string DbTxEnd { get; init; } = "commit";

    /// <summary>PGRST_DB_ROOT_SPEC: a function that answers for /.</summary>
    public string? DbRootSpec { get; init; }

    /// <summary>PGRST_DB_POOL: the most connections, 1 to 1,000.</summary>
    public int DbPool { get; init; } = 10;

    /// <summary>PGRST_DB_CHANNEL: where "notify …, 'reload schema'" is heard; empty: nowhere.</summary>
    public string DbChannel { get; init; } = "pgrst";

    /// <summary>PGRST_OPENAPI_MODE: follow-privileges, ignore-privileges or disabled.</summary>
    public string OpenApiMode { get; init; } = "follow-privileges";

    /// <summary>PGRST_OPENAPI_SERVER_PROXY_URI.</summary>
    public string? OpenApiServerProxyUri { get; init; }

    /// <summary>PGRST_JWT_SECRET: a secret of at least 32 bytes, a JWK or a set of them, or @ and the name of a file that holds one.</summary>
    public string? JwtSecret { get; init; }

    /// <summary>PGRST_JWT_SECRET_IS_BASE64.</summary>
    public bool JwtSecretIsBase64 { get; init; }

    /// <summary>PGRST_JWT_AUD.</summary>
    public string? JwtAud { get; init; }

    /// <summary>PGRST_JWT_ROLE_CLAIM_KEY: a path such as .role or .realm.roles[0].</summary>
    public string JwtRoleClaimKey { get; init; } = ".role";

    /// <summary>PGRST_SERVER_HOST: !4 or * for all, localhost, or an address.</summary>
    public string ServerHost { get; init; } = "!4";

    /// <summary>PGRST_SERVER_PORT: 0 is any free one.</summary>
    public int ServerPort { get; init; } = 3000;

    /// <summary>PGRST_SERVER_TIMING_ENABLED.</summary>
    public bool ServerTimingEnabled { get; init; }

    /// <summary>PGRST_SERVER_CORS_ALLOWED_ORIGINS; empty: all.</summary>
    public IReadOnlyList<string> ServerCorsAllowedOrigins { get; init; } = [];

    /// <summary>PGRST_SERVER_TRACE_HEADER: a header of the request that the answer repeats.</summary>
    public string? ServerTraceHeader { get; init; }

    /// <summary>PGRST_APP_SETTINGS_*: settings every transaction gets as app.settings.*.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> AppSettings { get; init; } = [];

    /// <summary>Embedded relations that have an alias may also be meant by their own name in filters.</summary>
    public bool LegacyTargetNames { get; init; } = true;

    /// <summary>Reads the environment.</summary>
    /// <exception cref="SetupException">A value cannot be read; the message names the variable.</exception>
    public static StandaloneOptions Read(IReadOnlyDictionary<string, string> environment)
    {
        string? Text(string name) => environment.TryGetValue("PGRST_" + name, out var value) && value.Length > 0 ? value : null;
        var given = new StandaloneOptions();
        bool Flag(string name, bool otherwise) => Text(name) is not { } word ? otherwise : word.ToLowerInvariant() switch
        {
            "true" or "1" or "yes" or "on" => true,
            "false" or "0" or "no" or "off" => false,
            _ => throw new SetupException($"PGRST_{name} is \"{word}\"; it must be true or false."),
        };
        long? Number(string name, long least, long most) => Text(name) is not { } word ? null
            : long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
            : throw new SetupException($"PGRST_{name} is \"{word}\"; it must be a number between {least} and {most}.");
        string Word(string name, string otherwise, params string[] words) => Text(name) is not { } word ? otherwise
            : words.Contains(word) ? word : throw new SetupException($"PGRST_{name} is \"{word}\"; it must be one of {string.Join(", ", words)}.");
        return new StandaloneOptions
        {
            DbUri = Text("DB_URI") ?? string.Empty,
            DbSchemas = Text("DB_SCHEMAS") is { } schemas ? Names(schemas) : Text("DB_SCHEMA") is { } schema ? Names(schema) : given.DbSchemas,
            DbAnonRole = Text("DB_ANON_ROLE"),
            DbExtraSearchPath = Text("DB_EXTRA_SEARCH_PATH") is { } path ? Names(path) : given.DbExtraSearchPath,
            DbMaxRows = Number("DB_MAX_ROWS", 0, long.MaxValue),
            DbPreRequest = Text("DB_PRE_REQUEST"),
            DbPlanEnabled = Flag("DB_PLAN_ENABLED", false),
            DbAggregatesEnabled = Flag("DB_AGGREGATES_ENABLED", false),
            DbTxEnd = Word("DB_TX_END", given.DbTxEnd, "commit", "commit-allow-override", "rollback", "rollback-allow-override"),
            DbRootSpec = Text("DB_ROOT_SPEC"),
            DbPool = (int)(Number("DB_POOL", 1, 1000) ?? given.DbPool),
            DbChannel = Flag("DB_CHANNEL_ENABLED", true) ? Text("DB_CHANNEL") ?? given.DbChannel : string.Empty,
            OpenApiMode = Word("OPENAPI_MODE", given.OpenApiMode, "follow-privileges", "ignore-privileges", "disabled"),
            OpenApiServerProxyUri = Text("OPENAPI_SERVER_PROXY_URI"),
            JwtSecret = Secret(Text("JWT_SECRET")),
            JwtSecretIsBase64 = Flag("JWT_SECRET_IS_BASE64", false),
            JwtAud = Text("JWT_AUD"),
            JwtRoleClaimKey = Text("JWT_ROLE_CLAIM_KEY") ?? given.JwtRoleClaimKey,
            ServerHost = Text("SERVER_HOST") ?? given.ServerHost,
            ServerPort = (int)(Number("SERVER_PORT", 0, 65535) ?? given.ServerPort),
            ServerTimingEnabled = Flag("SERVER_TIMING_ENABLED", false),
            ServerCorsAllowedOrigins = Text("SERVER_CORS_ALLOWED_ORIGINS") is { } origins ? Names(origins) : [],
            ServerTraceHeader = Text("SERVER_TRACE_HEADER"),
            AppSettings = [.. environment.Where(e => e.Key.StartsWith("PGRST_APP_SETTINGS_", StringComparison.Ordinal))
                .Select(e => new KeyValuePair<string, string>("app.settings." + e.Key["PGRST_APP_SETTINGS_".Length..].ToLowerInvariant(), e.Value))],
        };
    }

    private static List<string> Names(string text) => [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    private static string? Secret(string? text)
    {
        if (text is not ['@', ..]) return text;
        try { return File.ReadAllText(text[1..]).Trim(); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new SetupException($"PGRST_JWT_SECRET names a file that cannot be read: {e.Message}", e); }
    }
}
