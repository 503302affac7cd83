using System.Text.Json.Serialization;

namespace WanSharp.Cli.Output;

/// <summary>A fixture of <c>wan selftest</c> of which nothing was compared.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Result"><c>skipped</c> or <c>fail</c>.</param>
/// <param name="Tensors">The number of compared tensors: 0.</param>
/// <param name="Problem">Why.</param>
internal sealed record FixtureOutput(
    string Name,
    string Result,
    int Tensors,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Problem
);
