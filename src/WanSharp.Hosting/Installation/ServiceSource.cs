using System.Net;
using System.Text.Json;

namespace WanSharp.Hosting.Installation;

/// <summary>A NuGet service of protocol version 3: packages from its flat container, hashes from its catalog.</summary>
/// <param name="index">The service's index.</param>
/// <param name="http">Asks it.</param>
internal sealed class ServiceSource(Uri index, HttpClient http) : PackageSource
{
    public override async Task<PackageLocation?> FindAsync(string id, string version, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(id, version, cancellationToken).ConfigureAwait(false);
        }
        // JSON, but not as the protocol has it
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or UriFormatException)
        {
            throw new IOException($"{index} does not answer as a NuGet service does: {e.Message} Name another with --source.", e);
        }
    }

    private async Task<PackageLocation?> AskAsync(string id, string version, CancellationToken cancellationToken)
    {
#pragma warning disable CA1308 // The protocol's paths are lower case.
        var (lowerId, lowerVersion) = (id.ToLowerInvariant(), version.ToLowerInvariant());
#pragma warning restore CA1308
        var service =
            await GetAsync(index, cancellationToken).ConfigureAwait(false)
            ?? throw new IOException($"{index} is not an index of a NuGet service: there is nothing.");
        var container =
            Resource(service, "PackageBaseAddress/")
            ?? throw new IOException($"{index} is not an index of a NuGet service: it names no packages' address.");
        var versions = await GetAsync(new Uri(container, $"{lowerId}/index.json"), cancellationToken).ConfigureAwait(false);
        if (
            versions is null
            || !versions.Value.TryGetProperty("versions", out var list)
            || !list.EnumerateArray().Any(known => known.GetString() == lowerVersion)
        )
        {
            return null;
        }

        var address = RequireSafe(new Uri(container, $"{lowerId}/{lowerVersion}/{lowerId}.{lowerVersion}.nupkg"));
        return new PackageLocation(address, await HashAsync(service, lowerId, lowerVersion, cancellationToken).ConfigureAwait(false));
    }

    private async Task<string?> HashAsync(JsonElement service, string id, string version, CancellationToken cancellationToken)
    {
        if (
            Resource(service, "RegistrationsBaseUrl") is not { } registrations
            || await GetAsync(new Uri(registrations, $"{id}/{version}.json"), cancellationToken).ConfigureAwait(false) is not { } leaf
            || !leaf.TryGetProperty("catalogEntry", out var entry)
        )
        {
            return null;
        }

        if (entry.ValueKind == JsonValueKind.String)
        {
            if (
                !Uri.TryCreate(entry.GetString(), UriKind.Absolute, out var address)
                || await GetAsync(address, cancellationToken).ConfigureAwait(false) is not { } catalog
            )
            {
                return null;
            }

            entry = catalog;
        }

        return
            entry.TryGetProperty("packageHash", out var hash)
            && entry.TryGetProperty("packageHashAlgorithm", out var algorithm)
            && algorithm.GetString() == "SHA512"
            ? hash.GetString()
            : null;
    }

    private static Uri? Resource(JsonElement service, string type)
    {
        if (service.ValueKind != JsonValueKind.Object || !service.TryGetProperty("resources", out var resources))
        {
            return null;
        }

        var address = resources
            .EnumerateArray()
            .Where(resource => resource.GetProperty("@type").GetString()?.StartsWith(type, StringComparison.Ordinal) == true)
            .Select(resource => resource.GetProperty("@id").GetString())
            .LastOrDefault();
        return address is null ? null : RequireSafe(new Uri(address.EndsWith('/') ? address : address + "/"));
    }

    /// <summary>A document of the service; null when it has none at that address.</summary>
    private async Task<JsonElement?> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(RequireSafe(address), cancellationToken).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            response.EnsureSuccessStatusCode();
            return JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            throw new IOException($"{address} does not answer as a NuGet service does: {e.Message} Name another with --source.", e);
        }
    }
}
