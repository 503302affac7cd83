using WanSharp.Graphs;
using WanSharp.Media.Clips;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// The code that makes clips. A version's number does not change while one works on it; a module's identity follows from its code,
/// so that nothing cached outlives a change of what computed it.
/// </summary>
internal static class EngineBuild
{
    /// <summary>A type of each of our assemblies that the engine consists of.</summary>
    internal static IReadOnlyList<Type> Types { get; } =
    [typeof(EngineBuild), typeof(WanModel), typeof(VideoWriter), typeof(Session), typeof(ContentStore), typeof(OnnxGraph), typeof(Tensor)];

    /// <summary>The identities of all modules.</summary>
    public static string Identity { get; } = string.Join(',', Types.Select(type => type.Module.ModuleVersionId));
}
