using Clientele.Platform.Audit;
using Clientele.Platform.Data;
using Clientele.Platform.Health;
using Clientele.Platform.Imports;
using Clientele.Platform.Jobs;
using Clientele.Platform.Keys;
using Clientele.Platform.Log;
using Clientele.Platform.Modules;
using Clientele.Platform.Organizations;
using Clientele.Platform.Secrets;
using Clientele.Platform.Sessions;
using Clientele.Platform.Settings;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Platform;

/// <summary>Organizations, staff, sessions, the log and its consumers, imports, health.</summary>
public sealed class PlatformModule : IModule
{
    public string Name => "platform";

    public void AddServices(IServiceCollection services)
    {
        services.AddScoped<Caller>();
        // A handler that asks for Db gets the tenant of its request, and no other.
        services.AddScoped(s => new Db(s.GetRequiredService<Databases>().Application, TenantOf(s)));
        services.AddHttpContextAccessor();
        services.AddSingleton<ConsumerRunner>();
        services.AddHostedService<ConsumerHost>();
        services.AddSingleton<LogHealth>();
        services.AddHostedService(s => s.GetRequiredService<LogHealth>());
        services.AddHostedService<Housekeeping>();
        services.AddHostedService<ChoreRunner>();
        services.AddSingleton<JobWorker>();
        services.AddHostedService(s => s.GetRequiredService<JobWorker>());
        services.AddSingleton(new Chore("platform.purge_job_runs", TimeSpan.FromHours(1), $"select platform.purge_job_runs()"));
        services.AddSingleton<RateLimits>();
        services.AddSingleton<KeyUse>();
        services.AddHostedService(s => s.GetRequiredService<KeyUse>());
        services.AddSingleton<Resealing>();
        services.AddSingleton<SecretSettings>();
        services.AddSingleton(SecretSettings.Column);
        services.AddSingleton<RecentReads>();
        services.AddSingleton<AuditSealer>();
        services.AddHostedService(s => s.GetRequiredService<AuditSealer>());
        services.AddSingleton<ImportWorker>();
        services.AddHostedService<ImportHost>();
    }

    private static Tenant TenantOf(IServiceProvider services)
    {
        var caller = services.GetRequiredService<Caller>();
        return services.GetService<IHttpContextAccessor>()?.HttpContext is { } context && caller.SignedIn
            ? caller.Tenant with { Request = RequestFacts.Of(context, caller.SessionId) }
            : caller.Tenant;
    }

    public void MapRoutes(IEndpointRouteBuilder api)
    {
        var session = api.MapGroup("/session").WithTags("Session");
        session.MapPost("/", SignIn.Handle).WithMetadata(new Anonymous());
        var own = session.MapGroup("").WithMetadata(new WithoutOrganization());
        own.MapGet("/", ManageSession.Get);
        own.MapDelete("/", ManageSession.SignOut).Produces(StatusCodes.Status204NoContent);
        own.MapPut("/password", ManageSession.ChangePassword).Produces(StatusCodes.Status204NoContent);
        own.MapPut("/preferences", ManageSession.SetPreferences);

        var organization = api.MapGroup("/organization").WithTags("Organization");
        organization.MapGet("/", ManageOrganization.Get);
        organization.MapPut("/", ManageOrganization.Put);

        var audit = api.MapGroup("/audit").WithTags("Audit");
        audit.MapGet("/", ListAudit.Handle);
        audit.MapGet("/words", ListAuditWords.Handle);
        audit.MapGet("/export.csv", ExportAudit.Handle).Produces(StatusCodes.Status200OK, contentType: "text/csv");
        var settings = api.MapGroup("/settings").WithTags("Settings");
        settings.MapGet("/", ListSettings.Handle);
        settings.MapPut("/{key}", ChangeSetting.Put);
        settings.MapDelete("/{key}", ChangeSetting.Delete);
        settings.MapGet("/{key}/history", ListSettingHistory.Handle);
        KeyRoutes.Map(api);
        JobRoutes.Map(api.MapGroup("/jobs").WithTags("Jobs"));
        ImportRoutes.Map(api.MapGroup("/imports").WithTags("Imports"));
    }
}
