using System.Text.Json;

namespace Clientele.Events.Collection;

/// <summary>What stands in a message's context.</summary>
internal ref partial struct EventReader
{
    private void ReadContext(ref Utf8JsonReader reader, bool note)
    {
        noting = note;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            var field = reader.ValueSpan;
            switch (field.Length)
            {
                case 2 when field.SequenceEqual("ip"u8): Field(ref reader, ref ip); break;
                case 2 when field.SequenceEqual("os"u8): Inner(ref reader, "name"u8, ref osName, "version"u8, ref osVersion); break;
                case 4 when field.SequenceEqual("page"u8): ReadPage(ref reader); break;
                case 6 when field.SequenceEqual("device"u8): ReadDevice(ref reader); break;
                case 6 when field.SequenceEqual("screen"u8): Inner(ref reader, "width"u8, ref screenWidth, "height"u8, ref screenHeight); break;
                case 6 when field.SequenceEqual("direct"u8): { string? word = null; Field(ref reader, ref word); direct = word == "true"; break; }
                case 6 when field.SequenceEqual("traits"u8): ReadTraits(ref reader, note); break;
                case 7 when field.SequenceEqual("browser"u8): { string? version = null; Inner(ref reader, "name"u8, ref browserName, "version"u8, ref version); break; }
                case 7 when field.SequenceEqual("consent"u8): ReadConsent(ref reader); break;
                case 7 when field.SequenceEqual("library"u8): { string? version = null; Inner(ref reader, "name"u8, ref library, "version"u8, ref version); break; }
                case 8 when field.SequenceEqual("campaign"u8): ReadCampaign(ref reader); break;
                case 8 when field.SequenceEqual("referrer"u8): { string? kind = null; Inner(ref reader, "url"u8, ref referrer, "type"u8, ref kind); break; }
                case 8 when field.SequenceEqual("location"u8): Inner(ref reader, "country"u8, ref country, "city"u8, ref city); break;
                case 9 when field.SequenceEqual("userAgent"u8): Field(ref reader, ref agent); break;
                case 9 when field.SequenceEqual("sessionId"u8): Field(ref reader, ref session); break;
                case 10 when field.SequenceEqual("user_agent"u8): Field(ref reader, ref agent); break;
                case 11 when field.SequenceEqual("externalIds"u8): ReadExternalIds(ref reader); break;
                case 13 when field.SequenceEqual("userAgentData"u8): ReadHints(ref reader); break;
                default: reader.Read(); Skip(ref reader); break;
            }
        }
        noting = true;
    }

    private void ReadTraits(ref Utf8JsonReader reader, bool own)
    {
        var ahead = reader;
        ahead.Read();
        Inner(ref reader, "email"u8, ref email, "phone"u8, ref phone);
        if (own && ahead.TokenType == JsonTokenType.StartObject) contextTraits = ((int)ahead.TokenStartIndex, (int)(reader.BytesConsumed - ahead.TokenStartIndex));
    }

    private void Inner(ref Utf8JsonReader reader, ReadOnlySpan<byte> first, ref string? one, ReadOnlySpan<byte> second, ref string? other)
    {
        if (!Enter(ref reader)) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            if (reader.ValueSpan.SequenceEqual(first)) Field(ref reader, ref one);
            else if (reader.ValueSpan.SequenceEqual(second)) Field(ref reader, ref other);
            else { reader.Read(); Skip(ref reader); }
        }
    }

    private bool Enter(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject) return true;
        Skip(ref reader);
        return false;
    }

    private void ReadPage(ref Utf8JsonReader reader)
    {
        if (!Enter(ref reader)) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            var field = reader.ValueSpan;
            if (field.SequenceEqual("url"u8)) Field(ref reader, ref pageUrl);
            else if (field.SequenceEqual("path"u8)) Field(ref reader, ref pagePath);
            else if (field.SequenceEqual("title"u8)) Field(ref reader, ref pageTitle);
            else if (field.SequenceEqual("referrer"u8)) Field(ref reader, ref pageReferrer);
            else { reader.Read(); Skip(ref reader); }
        }
    }

    private void ReadDevice(ref Utf8JsonReader reader)
    {
        if (!Enter(ref reader)) return;
        string? kind = null, id = null, advertising = null, token = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            var field = reader.ValueSpan;
            if (field.SequenceEqual("type"u8)) Field(ref reader, ref kind);
            else if (field.SequenceEqual("id"u8)) Field(ref reader, ref id);
            else if (field.SequenceEqual("advertisingId"u8)) Field(ref reader, ref advertising);
            else if (field.SequenceEqual("token"u8)) Field(ref reader, ref token);
            else { reader.Read(); Skip(ref reader); }
        }
        device = kind ?? device;
        if (kind?.ToLowerInvariant() is not ("ios" or "android")) return;
        var system = kind.ToLowerInvariant();
        AddId(system + ".id", id);
        AddId(system + ".idfa", advertising);
        AddId(system + ".push_token", token);
    }

    private void ReadCampaign(ref Utf8JsonReader reader)
    {
        if (!Enter(ref reader)) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            var field = reader.ValueSpan;
            if (field.SequenceEqual("name"u8)) Field(ref reader, ref campaign);
            else if (field.SequenceEqual("source"u8)) Field(ref reader, ref source);
            else if (field.SequenceEqual("medium"u8)) Field(ref reader, ref medium);
            else if (field.SequenceEqual("term"u8)) Field(ref reader, ref term);
            else if (field.SequenceEqual("content"u8)) Field(ref reader, ref content);
            else { reader.Read(); Skip(ref reader); }
        }
    }

    private void ReadHints(ref Utf8JsonReader reader)
    {
        if (!Enter(ref reader)) return;
        string? mobile = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            if (reader.ValueSpan.SequenceEqual("platform"u8)) Field(ref reader, ref hintPlatform);
            else if (reader.ValueSpan.SequenceEqual("platformVersion"u8)) Field(ref reader, ref hintVersion);
            else if (reader.ValueSpan.SequenceEqual("mobile"u8)) Field(ref reader, ref mobile);
            else { reader.Read(); Skip(ref reader); }
        }
        if (mobile is not null) hintMobile = mobile == "true";
    }

    private void ReadConsent(ref Utf8JsonReader reader)
    {
        if (!Enter(ref reader)) return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Note(ref reader);
            if (!reader.ValueSpan.SequenceEqual("categoryPreferences"u8)) { reader.Read(); Skip(ref reader); continue; }
            if (!Enter(ref reader)) continue;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                Note(ref reader);
                var category = JsonText.Text(ref reader);
                string? given = null;
                Field(ref reader, ref given);
                if (given == "false" && string.Equals(category, arrival.Source.Settings.ConsentCategory, StringComparison.OrdinalIgnoreCase)) refused = true;
            }
        }
    }

    private void ReadExternalIds(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) { Skip(ref reader); return; }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject) { Skip(ref reader); continue; }
            string? id = null, kind = null, collection = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                Note(ref reader);
                if (reader.ValueSpan.SequenceEqual("id"u8)) Field(ref reader, ref id);
                else if (reader.ValueSpan.SequenceEqual("type"u8)) Field(ref reader, ref kind);
                else if (reader.ValueSpan.SequenceEqual("collection"u8)) Field(ref reader, ref collection);
                else { reader.Read(); Skip(ref reader); }
            }
            // However it is spelt: whose browser it is, is not said this way.
            if (collection is null or "users" && kind is not null && EventNames.Snake(kind) is not ("user_id" or "anonymous_id") and var word) AddId(word, id);
        }
    }

    private void AddId(string kind, string? id)
    {
        if (arrival.Source.Settings.Id(id) is not { } known || kind.Length > 50 || kind[0] == '$' || (externalIds?.Count ?? 0) >= 20) return;
        (externalIds ??= []).Add((kind, known));
    }
}
