using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace WanSharp.Cli.Commands;

/// <summary>How much of a clip's SSIM may be lost: <c>3%</c> or <c>0.03</c>.</summary>
internal static class LossOption
{
    private const string Percent = "%";

    public static Option<double?> Create(string description) =>
        new("--max-loss")
        {
            Description = description,
            HelpName = "PERCENT",
            CustomParser = Parse,
        };

    private static double? Parse(ArgumentResult argument)
    {
        var text = argument.Tokens[0].Value.Trim();
        var isPercent = text.EndsWith(Percent, StringComparison.Ordinal);
        var digits = isPercent ? text[..^Percent.Length].Trim() : text;
        if (
            double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && (isPercent ? number / 100 : number) is var loss and > 0 and < 1
        )
        {
            return loss;
        }

        argument.AddError($"--max-loss takes a share of the SSIM, such as 3% or 0.03, not '{text}'.");
        return null;
    }
}
