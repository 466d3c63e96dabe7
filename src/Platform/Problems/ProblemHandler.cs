using System.Diagnostics;
using System.Globalization;
using Clientele.Platform.Data;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.Problems;

/// <summary>Turns every exception that reaches the edge into one problem document. Only a bug or a missing database is a 5xx.</summary>
public sealed partial class ProblemHandler(ILogger<ProblemHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken ct)
    {
        if (exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested) return true;
        var problem = exception as Problem ?? Translate(exception);
        if (problem.Status >= 500) LogFailure(logger, exception, context.Request.Method, context.Request.Path, problem.Code);
        context.Response.StatusCode = problem.Status;
        if (problem.RetryAfter is { } wait)
            context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var written = new ProblemDetailsContext { HttpContext = context, ProblemDetails = Details(problem) };
        AddTraceId(written);
        // Whatever the caller accepts: an error in another form than asked for beats none.
        await context.Response.WriteAsJsonAsync(written.ProblemDetails, ApiJson.Options, "application/problem+json", ct);
        return true;
    }

    public static ProblemDetails Details(Problem problem)
    {
        var details = new ProblemDetails
        {
            Status = problem.Status,
            Detail = problem.Message,
            Type = $"urn:clientele:problem:{problem.Code}",
            Title = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(problem.Status),
        };
        details.Extensions["code"] = problem.Code;
        if (problem.Errors is not null) details.Extensions["errors"] = problem.Errors;
        return details;
    }

    /// <summary>The trace id is what a person quotes; every problem has one.</summary>
    public static void AddTraceId(ProblemDetailsContext context)
    {
        context.ProblemDetails.Extensions["traceId"] = Activity.Current?.TraceId.ToString() ?? context.HttpContext.TraceIdentifier;
        context.ProblemDetails.Detail ??= context.HttpContext.Response.StatusCode switch
        {
            404 => "There is nothing at this address. Check it against /openapi/v1.json.",
            405 => "This address does not take that method. Check it against /openapi/v1.json.",
            _ => "The request could not be served as it was sent. Check it against /openapi/v1.json.",
        };
        if (!context.ProblemDetails.Extensions.ContainsKey("code"))
            context.ProblemDetails.Extensions["code"] = CodeOf(context.HttpContext.Response.StatusCode);
    }

    // One table from SQLSTATE to answer; what is not here is a bug.
    private static Problem Translate(Exception exception) => exception switch
    {
        BadHttpRequestException bad => new(bad.StatusCode, CodeOf(bad.StatusCode), "The request could not be read. Check its address, its JSON and its size."),
        PostgresException { SqlState: "23505" } => new(409, "already_exists", "Something with the same key is already there. Change the key, or update what exists."),
        PostgresException { SqlState: "23P01" } => new(409, "already_exists", "It overlaps with something that is already there. Change the times, or the other one."),
        PostgresException { SqlState: "23503" } => new(409, "in_use", "It is still referred to, or refers to something that is gone. Remove the reference first."),
        PostgresException { SqlState: "23514" or "23502" or "428C9" or "54001" or ['2', '2', ..] } =>
            new(400, "invalid_value", "A value is outside what its field allows. Check the fields of the request."),
        // Rules of the database's own making (005_mechanisms.sql): their message is meant for the caller.
        PostgresException { SqlState: "P0002" } e => new(404, "not_found", e.MessageText),
        PostgresException { SqlState: "CL001" } e => new(409, "wrong_state", e.MessageText),
        PostgresException { SqlState: "CL002" } e => new(409, "balance_too_low", e.MessageText),
        PostgresException { SqlState: "CL003" } e => new(409, "limit_reached", e.MessageText),
        PostgresException { SqlState: "CL004" } e => new(409, "only_added_to", e.MessageText),
        PostgresException { SqlState: "CL005" } e => new(409, "key_used_otherwise", e.MessageText),
        PostgresException { SqlState: "CL006" } e => new(400, "not_writable", e.MessageText),
        PostgresException { SqlState: "42501" } => new(403, "forbidden", "You may not do this here. Ask an administrator of the organization."),
        PostgresException { SqlState: "40001" or "40P01" or "55P03" } => new(409, "conflict", "Somebody changed the same thing at the same moment. Try again."),
        PostgresException { SqlState: "57014" } => new(504, "timeout", "The question took too long and was stopped. Ask for a shorter range."),
        // It is there but full (53: disk, memory): for the caller that is the same.
        _ when Databases.IsAway(exception) || exception is PostgresException { SqlState: ['5', '3', ..] } =>
            new(503, "database_away", "The database does not answer at the moment. Try again in a few seconds.") { RetryAfter = TimeSpan.FromSeconds(2) },
        _ => new(500, "internal_error", "Something went wrong on our side. Quote the code below when you report it."),
    };

    private static string CodeOf(int status) => status switch
    {
        400 => "bad_request",
        401 => "not_signed_in",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        413 => "too_large",
        415 => "unsupported_media_type",
        _ => status >= 500 ? "internal_error" : "refused",
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed: {Code}")]
    private static partial void LogFailure(ILogger logger, Exception exception, string method, string path, string code);
}
