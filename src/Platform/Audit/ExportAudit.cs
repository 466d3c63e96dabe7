using System.Globalization;
using System.Text;
using Clientele.Platform.Data;
using Clientele.Platform.Web;
using CsvHelper;
using CsvHelper.Configuration;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Audit;

/// <summary>GET /api/audit/export.csv: the entries that match, newest first, streamed. Taking the trail out is an entry of it.</summary>
internal static class ExportAudit
{
    private static readonly string[] head =
    [
        "time", "actor_type", "actor_id", "actor_name", "actor_email", "actor_role", "action", "object", "object_id", "object_name", "description", "reason", "changed_fields", "old_values", "new_values",
        "subject_id", "severity", "ip_address", "user_agent", "request_id", "method", "endpoint", "sealed", "id",
    ];

    public static async Task Handle(
        string? actor, string? action, string? @object, string? objectId, DateTimeOffset? from, DateTimeOffset? to, string? severity, string? text,
        HttpContext context, Db db, CancellationToken ct)
    {
        var where = new AuditFilter(actor, action, @object, objectId, from, to, severity, text).Where();
        await db.Run($"select platform.audit('export', 'audit_trail', description => {context.Request.QueryString.Value ?? string.Empty}, severity => 'warning')", ct);
        context.Response.ContentType = "text/csv; charset=utf-8";
        context.Response.Headers.ContentDisposition = new System.Net.Mime.ContentDisposition { FileName = "audit.csv" }.ToString();
        await using var writer = new StreamWriter(context.Response.Body, new UTF8Encoding(false));
        await using var csv = new CsvWriter(writer, new CsvConfiguration(CultureInfo.InvariantCulture) { InjectionOptions = InjectionOptions.Escape });
        foreach (var name in head) csv.WriteField(name);
        await csv.NextRecordAsync();
        string? before = null;
        while (await AuditView.List(db, $"{where} and {AuditFilter.Before(before)}", 1000, ct) is { Count: > 0 } page)
        {
            foreach (var entry in page)
            {
                foreach (var field in Fields(entry)) csv.WriteField(field);
                await csv.NextRecordAsync();
            }
            before = Cursor.Write(page[^1].At, page[^1].Id);
        }
    }

    private static string?[] Fields(AuditView e) =>
    [
        e.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), e.ActorType, e.ActorId?.ToString(), e.ActorName, e.ActorEmail, e.ActorRole, e.Action, e.Object, e.ObjectId, e.ObjectName, e.Description, e.Reason,
        e.ChangedFields is { } fields ? string.Join(' ', fields) : null, e.OldValues?.GetRawText(), e.NewValues?.GetRawText(), e.SubjectId?.ToString(), e.Severity, e.IpAddress, e.UserAgent, e.RequestId,
        e.Method, e.Endpoint, e.IsSealed ? "true" : "false", e.Id.ToString(),
    ];
}
