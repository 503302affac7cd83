using System.Security.Cryptography;
using System.Text;
using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Results;

/// <summary>Names a clip by all that decides it.</summary>
public static class ResultKey
{
    // A version's number does not change while one works on it; a module's identity follows from its code.
    private static readonly string Build = string.Join(
        ',', new[] { typeof(VideoGenerator), typeof(Session), typeof(OnnxGraph), typeof(Tensor) }.Select(type => type.Module.ModuleVersionId));

    /// <summary>The key of a clip that the engine in this process makes: <see cref="PreparedJob.ResultKey"/>.</summary>
    /// <param name="settings">Every setting, with the model's digest and those of the images' pixels.</param>
    /// <param name="execution">How it is computed, as far as it shows in the clip: provider, its library's version, precision, reuse.</param>
    public static string OfEngine(GenerationSettings settings, params IEnumerable<string> execution)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return Of(["engine", Build, settings.ToJson(), .. execution]);
    }

    /// <summary>The digest of several texts, each with its place and length.</summary>
    /// <param name="parts">What decides the clip.</param>
    public static string Of(params IEnumerable<string> parts)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            digest.AppendData(SHA256.HashData(Encoding.UTF8.GetBytes(part))); // the hash of each, so that text cannot shift between parts
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }
}
