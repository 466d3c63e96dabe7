using Clientele.DataApi.Standalone;

namespace Clientele.DataApi.Tests.Conformance;

/// <summary>How the server of each file of the suite is set up.</summary>
internal static class Settings
{
    private const string Special = "SPECIAL \"@/\\#~_-";

    public static StandaloneOptions Of(Case @case, string database)
    {
        var base_ = new StandaloneOptions
        {
            DbUri = database,
            DbSchemas = ["test"],
            DbAnonRole = "postgrest_test_anonymous",
            DbPreRequest = "test.switch_role",
            DbExtraSearchPath = [],
            DbTxEnd = "rollback-allow-override",
            DbPool = 5,
            JwtSecret = "reallyreallyreallyreallyverysafe",
            ServerTimingEnabled = true,
            ServerHost = "127.0.0.1",
            ServerPort = 0,
            AppSettings = [new("app.settings.app_host", "localhost"), new("app.settings.external_api_secret", "0123456789abcdef")],
        };
        return @case.File switch
        {
            "Query/AggregateFunctionsSpec.hs" => base_ with { DbAggregatesEnabled = !@case.Describe.Contains("disallowed", StringComparison.Ordinal) && @case.Number is not (48 or 49 or 50) },
            "Query/MultipleSchemaSpec.hs" => base_ with { DbSchemas = ["v1", "v2", Special] },
            "Query/UnicodeSpec.hs" => base_ with { DbSchemas = ["تست"] },
            "Query/QueryLimitedSpec.hs" => base_ with { DbMaxRows = 2 },
            "Query/ServerTimingSpec.hs" => base_ with { DbPlanEnabled = true },
            "Query/PlanSpec.hs" => base_,
            "Query/PostGISSpec.hs" => base_ with { DbExtraSearchPath = ["public", "extensions"] },
            "ExtraSearchPathSpec.hs" => base_ with { DbExtraSearchPath = ["public", "extensions", "EXTRA \"@/\\#~_-"] },
            "RpcPreRequestGucsSpec.hs" => base_ with { DbPreRequest = "custom_headers" },
            "HttpHeaderSpec.hs" => base_ with { DbPreRequest = "test.custom_vary_hdr" },
            "Query/QuerySpec.hs" when @case.Number == 431 => base_ with { LegacyTargetNames = false },
            "OpenApi/RootSpec.hs" => base_ with { DbRootSpec = "root" },
            "OpenApi/DisabledOpenApiSpec.hs" => base_ with { OpenApiMode = "disabled" },
            "OpenApi/IgnorePrivOpenApiSpec.hs" => base_ with { OpenApiMode = "ignore-privileges", DbSchemas = ["test", "v1"] },
            "Auth/NoAnonSpec.hs" => base_ with { DbAnonRole = null },
            "Auth/NoJwtSecretSpec.hs" => base_ with { JwtSecret = null },
            "Auth/AudienceJwtSecretSpec.hs" => base_ with { JwtAud = "youraudience" },
            "ObservabilitySpec.hs" => base_ with { ServerTraceHeader = "X-Request-Id" },
            "RollbackSpec.hs" => base_ with { DbTxEnd = End(@case.Describe) },
            _ => base_,
        };
    }

    private static string End(string describe) =>
        describe.Contains("commit", StringComparison.Ordinal) ? describe.Contains("override", StringComparison.Ordinal) ? "commit-allow-override" : "commit"
        : describe.Contains("override", StringComparison.Ordinal) ? "rollback-allow-override" : "rollback";
}
