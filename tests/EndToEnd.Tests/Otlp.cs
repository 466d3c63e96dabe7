using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.EndToEnd.Tests;

/// <summary>A receiver of OpenTelemetry over HTTP that keeps what it is sent, and reads of it what tests ask for.</summary>
internal sealed class Otlp : IAsyncDisposable
{
    private readonly WebApplication app;

    private Otlp(WebApplication app) => this.app = app;

    /// <summary>A span as far as tests look at it.</summary>
    public sealed record Span(string Trace, string Id, string Parent, string Name, string Scope, IReadOnlyDictionary<string, string> Attributes);

    public ConcurrentQueue<byte[]> Traces { get; } = [];

    public ConcurrentQueue<byte[]> Metrics { get; } = [];

    public ConcurrentQueue<byte[]> Logs { get; } = [];

    public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<Otlp> Start()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(System.Net.IPAddress.Loopback, 0));
        var receiver = new Otlp(builder.Build());
        receiver.app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var kept = context.Request.Path.Value switch { "/v1/traces" => receiver.Traces, "/v1/metrics" => receiver.Metrics, "/v1/logs" => receiver.Logs, _ => null };
            kept?.Enqueue(body.ToArray());
            context.Response.StatusCode = kept is null ? 404 : 200;
            context.Response.ContentType = "application/x-protobuf";
        });
        await receiver.app.StartAsync();
        return receiver;
    }

    /// <summary>Everything of every kind, as far as it is text.</summary>
    public string Text => string.Concat(Traces.Concat(Metrics).Concat(Logs).Select(Encoding.UTF8.GetString));

    /// <summary>ExportTraceServiceRequest → resource_spans → scope_spans → spans.</summary>
    public List<Span> Spans() =>
    [
        .. from request in Traces
           from resource in Fields(request, 1)
           from scope in Fields(resource, 2)
           let name = Word(Fields(scope, 1).FirstOrDefault() ?? [], 1)
           from span in Fields(scope, 2)
           select new Span(Hex(span, 1), Hex(span, 2), Hex(span, 4), Word(span, 5), name,
               Fields(span, 9).GroupBy(a => Word(a, 1)).ToDictionary(g => g.Key, g => Word(Fields(g.First(), 2).FirstOrDefault() ?? [], 1))),
    ];

    private static string Hex(byte[] message, int field) => Convert.ToHexStringLower(Fields(message, field).FirstOrDefault() ?? []);

    private static string Word(byte[] message, int field) => Encoding.UTF8.GetString(Fields(message, field).FirstOrDefault() ?? []);

    // Protocol buffers: a key of field number and kind, then a varint (0), eight bytes (1), a length with so many bytes (2) or four bytes (5).
    private static List<byte[]> Fields(byte[] message, int wanted)
    {
        var found = new List<byte[]>();
        var at = 0;
        while (at < message.Length)
        {
            var key = Varint(message, ref at);
            switch (key & 7)
            {
                case 0: Varint(message, ref at); break;
                case 1: at += 8; break;
                case 5: at += 4; break;
                default:
                    var length = (int)Varint(message, ref at);
                    if (key >> 3 == (ulong)wanted) found.Add(message[at..(at + length)]);
                    at += length;
                    break;
            }
        }
        return found;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = message[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
