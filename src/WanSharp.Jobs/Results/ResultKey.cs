using System.Security.Cryptography;
using System.Text;
using WanSharp.Engine;
using WanSharp.Engine.Planning;
using WanSharp.Graphs;
using WanSharp.Media.Images;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Results;

/// <summary>Names a clip by all that decides it.</summary>
public static class ResultKey
{
    // A version's number does not change while one works on it; a module's identity follows from its code.
    private static readonly string Build = string.Join(
        ',', new[] { typeof(VideoGenerator), typeof(WanModel), typeof(RgbImage), typeof(Session), typeof(OnnxGraph), typeof(Tensor) }.Select(type => type.Module.ModuleVersionId));

    /// <summary>The key of a clip that the engine in this process makes: <see cref="PreparedJob.ResultKey"/>.</summary>
    /// <param name="plan">From the generator: its identity names every setting, the digests of the model and of the images' pixels, and what computes.</param>
    public static string OfEngine(GenerationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return Of("engine", Build, plan.Identity);
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
