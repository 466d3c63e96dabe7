using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Clientele.Events.Collection;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Events.Tests;

/// <summary>The application with a write key of each organization, and ways to send and to look at what came of it.</summary>
public sealed class CollectApp : TestApp
{
    public string Key { get; private set; } = string.Empty;
    public string BetaKey { get; private set; } = string.Empty;

    /// <summary>A program: no cookies, no headers of the console's.</summary>
    public HttpClient Sdk { get; private set; } = null!;

    private static CancellationToken Ct => CancellationToken.None;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        (Key, BetaKey) = (await KeyOf(Alpha), await KeyOf(Beta));
        Sdk = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(2) };
    }

    public override async ValueTask DisposeAsync()
    {
        Sdk.Dispose();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private Task<string> KeyOf(Tenant of) => Service.One<string>($"select k.public_key from platform.api_keys k where k.organization_id = {of.OrganizationId} and k.kind = 'write' limit 1", Ct);

    public AuthenticationHeaderValue Basic(string? key = null) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{key ?? Key}:")));

    public Task<HttpResponseMessage> Send(string path, string body, string? key = null, Action<HttpRequestMessage>? with = null) => Send(path, Encoding.UTF8.GetBytes(body), key, with);

    public async Task<HttpResponseMessage> Send(string path, byte[] body, string? key = null, Action<HttpRequestMessage>? with = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (key != string.Empty) request.Headers.Authorization = Basic(key);
        with?.Invoke(request);
        return await Sdk.SendAsync(request, Ct);
    }

    /// <summary>Sends and wants a 200.</summary>
    public async Task<string> Sent(string path, string body, string? key = null, Action<HttpRequestMessage>? with = null)
    {
        using var answer = await Send(path, body, key, with);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{(int)answer.StatusCode}: {text}");
        return text;
    }

    public sealed record Row(
        Guid Id, string EventType, string EventName, JsonElement Properties, JsonElement Context, Guid? CustomerId, DateTimeOffset OccurredAt, decimal? EventValue, string? Currency, string? PageUrl,
        string? PageTitle, string? ReferrerUrl, IPAddress? IpAddress, string? DeviceType, string? Browser, string? Os, string? ScreenResolution, string? Country, string? UtmSource,
        string? UtmCampaign, string? SessionId, string? SourceSystem);

    /// <summary>The event with a message id; fails when there is none, or more than one.</summary>
    public async Task<Row> Event(string messageId, Tenant? of = null) => Assert.Single(await Events($"{messageId}", of));

    public Task<List<Row>> Events(string messageId, Tenant? of = null) => For(of ?? Alpha).List<Row>($"""
        select e.id, e.event_type, e.event_name, e.properties, coalesce(e.context, '{Platform.Data.Sql.Raw("{}")}') as context, e.customer_id, e.occurred_at, e.event_value, e.currency, e.page_url, e.page_title, e.referrer_url,
               e.ip_address, e.device_type, e.browser, e.os, e.screen_resolution, e.country, e.utm_source, e.utm_campaign, e.session_id, e.source_system
        from log.events e where e.context ->> 'messageId' = {messageId} or e.context ->> 'uuid' = {messageId}
        """, Ct);

    public Task<long> Count(Tenant? of = null) => For(of ?? Alpha).One<long>($"select count(*) from log.events", Ct);

    /// <summary>The client's id of the person a user or visitor is now.</summary>
    public Task<Guid?> Person(string id, Tenant? of = null) => For(of ?? Alpha).Find<Guid?>($"""
        select customers.person(coalesce((select c.id from customers.customers c where c.customer_id = {id}), (select i.customer_id from customers.identities i where i.value = {id})))
        """, Ct);

    public async Task Set(string key, string json, Tenant? of = null)
    {
        var tenant = (of ?? Alpha) with { Access = Access.Admin };
        await For(tenant).Run($"delete from platform.setting_values v where v.setting_key = {key}", Ct);
        await For(tenant).Run($"insert into platform.setting_values (setting_key, setting_value) values ({key}, {json}::jsonb)", Ct);
        Services.GetRequiredService<Sources>().Forget();
    }
}
