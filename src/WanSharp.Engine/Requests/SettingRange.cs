using System.Globalization;

namespace WanSharp.Engine.Requests;

/// <summary>The range of a setting; a model may accept less, for example only sizes that are multiples of its stride.</summary>
/// <param name="Minimum">The smallest value.</param>
/// <param name="Maximum">The largest value.</param>
/// <param name="IsWhole">Whether only whole numbers are allowed.</param>
/// <param name="ExcludesMinimum">Whether the number must be above <paramref name="Minimum"/>.</param>
public sealed record SettingRange(decimal Minimum, decimal Maximum, bool IsWhole, bool ExcludesMinimum = false)
{
    /// <summary>For messages: <c>a whole number from 1 to 120</c>.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(IsWhole ? "a whole number" : "a number such as 4.5,")} "
                + $"{(ExcludesMinimum ? $"above {Minimum} and up to" : $"from {Minimum} to")} {Maximum}"
        );
}
