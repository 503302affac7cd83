using WanSharp.Engine.Requests;
using WanSharp.Runtime;

namespace WanSharp.Tools.Optimize;

/// <summary>One way to set a lever.</summary>
/// <param name="Lever">What it changes; a clip has one choice of each lever.</param>
/// <param name="Name">What it is changed to, in words.</param>
/// <param name="Apply">Changes a clip's settings.</param>
internal sealed record LeverChoice(string Lever, string Name, Func<ClipSettings, ClipSettings> Apply)
{
    /// <summary>What networks compute in; null to leave that.</summary>
    public Precision? Precision { get; init; }

    /// <summary>Whether it sets what other levers would: it goes only with the levers of <see cref="GoesWith"/>.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Whether the first clip has to open a network or weights for it.</summary>
    public bool Opens { get; init; }

    /// <summary>The levers that whole choices go with.</summary>
    public static IReadOnlyList<string> GoesWith { get; } = [Levers.Precision, Levers.Decoder];

    /// <inheritdoc/>
    public override string ToString() => $"{Lever} {Name}";
}
