using Clientele.Platform.Audit;
using Clientele.Platform.Backups;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Clientele.Platform.Health;
using Clientele.Platform.Imports;
using Clientele.Platform.Jobs;
using Clientele.Platform.Keys;
using Clientele.Platform.Log;
using Clientele.Platform.Mail;
using Clientele.Platform.Modules;
using Clientele.Platform.Organizations;
using Clientele.Platform.People;
using Clientele.Platform.Permissions;
using Clientele.Platform.Secrets;
using Clientele.Platform.Sessions;
using Clientele.Platform.Settings;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Authentication.OAuth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

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
        services.AddSingleton<Mailer>();
        services.AddHostedService(s => s.GetRequiredService<Mailer>());
        services.AddSingleton<SessionDoor>();
        services.AddSingleton<OAuthSignIn>();
        services.AddOptions<OAuthOptions>(OAuthSignIn.Scheme).Configure<PlatformOptions, KeyRing, ILoggerFactory>(OAuthSignIn.Configure);
        services.AddSingleton<ConsumerRunner>();
        services.AddHostedService<ConsumerHost>();
        HealthServices.Add(services);
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
        services.AddSingleton(SecondFactor.Column);
        services.AddSingleton<FileDesk>();
        services.AddSingleton<FileLinks>();
        services.AddSingleton(FileDesk.Column);
        services.AddSingleton<FileSweeper>();
        services.AddHostedService(s => s.GetRequiredService<FileSweeper>());
        services.AddSingleton(new Chore("platform.expire_files", TimeSpan.FromMinutes(10), $"delete from platform.files f where f.expires_at <= now()"));
        services.AddSingleton<RecentReads>();
        services.AddSingleton<AuditSealer>();
        services.AddHostedService(s => s.GetRequiredService<AuditSealer>());
        services.AddSingleton<BackupFigures>();
        services.AddSingleton<BackupWorker>();
        services.AddHostedService(s => s.GetRequiredService<BackupWorker>());
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
        Sessions(api.MapGroup("/session").WithTags("Session"));

        var organization = api.MapGroup("/organization").WithTags("Organization");
        organization.MapGet("/", ManageOrganization.Get).WithMetadata(new EvenWhenClosed());
        organization.MapPut("/", ManageOrganization.Put).Requires(Can.Administer);
        organization.MapPost("/transfer", HandOver.Transfer).Requires(Can.OwnOrganization).Produces(StatusCodes.Status204NoContent);
        organization.MapPost("/close", HandOver.Close).Requires(Can.OwnOrganization);
        organization.MapPost("/reopen", HandOver.Reopen).Requires(Can.OwnOrganization).WithMetadata(new EvenWhenClosed()).Produces(StatusCodes.Status204NoContent);
        var workspaces = api.MapGroup("/workspaces").WithTags("Organization").Requires(Can.Administer);
        workspaces.MapPost("/", ManageWorkspaces.Post);
        workspaces.MapPut("/{id:guid}", ManageWorkspaces.Put);
        workspaces.MapPost("/{id:guid}/close", ManageWorkspaces.Close);
        workspaces.MapPost("/{id:guid}/reopen", ManageWorkspaces.Reopen);

        var audit = api.MapGroup("/audit").WithTags("Audit").Requires(Can.ReadTrail);
        audit.MapGet("/", ListAudit.Handle);
        audit.MapGet("/words", ListAuditWords.Handle);
        audit.MapGet("/export.csv", ExportAudit.Handle).Produces(StatusCodes.Status200OK, contentType: "text/csv");
        var settings = api.MapGroup("/settings").WithTags("Settings").Requires(Can.Administer);
        settings.MapGet("/", ListSettings.Handle);
        settings.MapPut("/{key}", ChangeSetting.Put);
        settings.MapDelete("/{key}", ChangeSetting.Delete);
        settings.MapGet("/{key}/history", ListSettingHistory.Handle);
        KeyRoutes.Map(api);
        HealthRoutes.Map(api);
        BackupRoutes.Map(api.MapGroup("/backups").WithTags("Operations").Requires(Can.ManageBackups));
        JobRoutes.Map(api.MapGroup("/jobs").WithTags("Jobs").Requires(Can.Administer));

        var people = api.MapGroup("/people").WithTags("People");
        people.MapGet("/", ListPeople.Handle).Requires(Can.ReadPeople);
        people.MapPost("/", InvitePerson.Handle).Requires(Can.InvitePeople);
        people.MapPost("/{id:guid}/invitation", InvitePerson.Resend).Requires(Can.InvitePeople);
        people.MapPut("/{id:guid}", ChangePerson.Put).Requires(Can.ChangePeople);
        people.MapDelete("/{id:guid}", ChangePerson.Delete).Requires(Can.RemovePeople).Produces(StatusCodes.Status204NoContent);
        people.MapGet("/{id:guid}/may", ExplainPermission.Handle).Requires(Can.ReadPeople);

        var roles = api.MapGroup("/roles").WithTags("People").Requires(Can.ManageRoles);
        roles.MapGet("/", ManageRoles.Get).Requires(Can.ReadPeople);
        roles.MapPost("/", ManageRoles.Post);
        roles.MapPut("/{role}", ManageRoles.Put);
        roles.MapDelete("/{role}", ManageRoles.Delete).Produces(StatusCodes.Status204NoContent);

        ImportRoutes.Map(api.MapGroup("/imports").WithTags("Imports").Requires(Can.ReadImports));
        FileRoutes.Map(api.MapGroup("/files").WithTags("Files").Requires(Can.ReadFiles));
    }

    public void MapPublicRoutes(IEndpointRouteBuilder root) =>
        root.MapMethods("/files/{id:guid}", ["GET", "HEAD"], (Guid id, HttpContext context, FileLinks links, CancellationToken ct) => links.Open(id, context, ct)).ExcludeFromDescription();

    private static void Sessions(RouteGroupBuilder session)
    {
        var open = session.MapGroup("").WithMetadata(new Anonymous());
        open.MapPost("/", SignIn.Handle).Produces<SessionView>().Produces<ChallengeView>(StatusCodes.Status202Accepted);
        open.MapPost("/second-factor", SecondFactor.Enter);
        open.MapGet("/ways", ForgottenPassword.Ways);
        open.MapPost("/forgotten", ForgottenPassword.Ask).Produces(StatusCodes.Status204NoContent);
        open.MapPost("/reset", ForgottenPassword.Reset).Produces(StatusCodes.Status204NoContent);
        open.MapPost("/invitation", AcceptInvitation.Look);
        open.MapPost("/invitation/accept", AcceptInvitation.Handle);
        open.MapGet("/oauth", OAuthSignIn.Begin).Produces(StatusCodes.Status302Found);
        open.MapGet("/oauth/callback", OAuthSignIn.Return).Produces(StatusCodes.Status302Found);

        var own = session.MapGroup("").WithMetadata(new WithoutOrganization());
        own.MapGet("/", ManageSession.Get).WithMetadata(new EvenWithOneTimePassword());
        own.MapDelete("/", ManageSession.SignOut).WithMetadata(new EvenWithOneTimePassword()).Produces(StatusCodes.Status204NoContent);
        own.MapPut("/password", ManageSession.ChangePassword).WithMetadata(new EvenWithOneTimePassword()).Produces(StatusCodes.Status204NoContent);
        own.MapPut("/preferences", ManageSession.SetPreferences).WithMetadata(new EvenWithOneTimePassword());
        own.MapPost("/verify", ForgottenPassword.Verify).Produces(StatusCodes.Status204NoContent);
        own.MapPost("/verification", ForgottenPassword.SendVerification).Produces(StatusCodes.Status204NoContent);
        own.MapGet("/sessions", OwnSessions.List);
        own.MapDelete("/sessions", OwnSessions.EndOthers).Produces(StatusCodes.Status204NoContent);
        own.MapDelete("/sessions/{id:guid}", OwnSessions.End).Produces(StatusCodes.Status204NoContent);
        own.MapGet("/two-step", SecondFactor.Get);
        own.MapPost("/two-step", SecondFactor.Start);
        own.MapPost("/two-step/confirm", SecondFactor.Confirm);
        own.MapPost("/two-step/recovery-codes", SecondFactor.Renew);
        own.MapPost("/two-step/off", SecondFactor.TurnOff);
        own.MapPost("/organizations", CreateOrganization.Handle);
    }
}
