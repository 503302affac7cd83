using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace WanSharp.Server.Videos;

/// <summary>What a request's body says, whatever its form: JSON, multipart, or url-encoded.</summary>
/// <param name="Fields">Its fields, in order.</param>
/// <param name="Files">Its files, by the names of their fields.</param>
internal sealed record RequestBody(IReadOnlyList<BodyField> Fields, IReadOnlyList<IFormFile> Files)
{
    /// <summary>Whether it has a field.</summary>
    public bool Has(string field) => Fields.Any(one => one.Name.Equals(field, StringComparison.OrdinalIgnoreCase));

    /// <summary>Identifies what is asked for: equal for a request that is sent again, whatever the boundary of its parts.</summary>
    public async Task<string> DigestAsync(CancellationToken cancellationToken)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var field in Fields.OrderBy(field => field.Name, StringComparer.Ordinal))
        {
            digest.AppendData(Encoding.UTF8.GetBytes($"{field.Name}\0{field.Text}\0"));
        }

        foreach (var file in Files.OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            var content = file.OpenReadStream();
            await using var opened = content.ConfigureAwait(false);
            digest.AppendData(Encoding.UTF8.GetBytes($"{file.Name}\0"));
            digest.AppendData(await SHA256.HashDataAsync(content, cancellationToken).ConfigureAwait(false));
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }
}
