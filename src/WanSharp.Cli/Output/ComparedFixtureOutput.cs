using System.Text.Json.Serialization;

namespace WanSharp.Cli.Output;

/// <summary>A fixture of <c>wan selftest</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Result"><c>pass</c>, <c>fail</c> or <c>skipped</c>.</param>
/// <param name="Tensors">The number of compared tensors.</param>
/// <param name="Worst">The tensor that came closest to its limit, or went furthest beyond.</param>
/// <param name="MaxError">Its largest error; null where shapes differ or a value is not a number.</param>
/// <param name="RelativeError">The largest error of any tensor as a share of its magnitude; null likewise.</param>
/// <param name="Limit">The limit.</param>
/// <param name="Problem">What went wrong.</param>
internal sealed record ComparedFixtureOutput(
    string Name,
    string Result,
    int Tensors,
    string Worst,
    double? MaxError,
    double? RelativeError,
    double Limit,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Problem
);
