using System.Globalization;
using WanSharp.Engine.Requests;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>How the network learns the positions in time of a clip.</summary>
internal static class PositionPlan
{
    // deepbeepmeep/Wan2GP:wgp.py, enable_RIFLEx: from 6 seconds on, where the model's clips have 5
    private const double LongerThan = 1.2;

    // of Wan's heads of 128; see docs/guidance.md
    private const int UsualFrequency = 6;
    private const long UsualHeadDim = 128;

    /// <summary>The frequency that RIFLEx slows down, from 1; null for none.</summary>
    /// <param name="request">The request.</param>
    /// <param name="model">The model.</param>
    /// <param name="frames">Frames of video that the network sees at a time.</param>
    /// <exception cref="InvalidRequestException">The model has no such frequency.</exception>
    public static int? Riflex(ClipSettings request, WanModel model, int frames)
    {
        if (request.Riflex is not { } asked)
        {
            return null;
        }

        var frequencies = (int)WanTransformer.TimeFrequencies(model.Transformer);
        if (asked == GuidanceFields.RiflexAuto)
        {
            if (model.Transformer.HeadDim != UsualHeadDim)
            {
                throw new InvalidRequestException(
                    "riflex",
                    $"Which frequency to slow down is known for heads of {UsualHeadDim}, and {model.Name} has heads of "
                        + $"{model.Transformer.HeadDim}: give one of 1 to {frequencies}."
                );
            }

            return Latent(frames) > Latent(model.Defaults.Frames) * LongerThan ? UsualFrequency : null;
        }

        return int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var frequency)
            ? SettingTexts.InRange("riflex", frequency, 1, frequencies)
            : throw new InvalidRequestException("riflex", $"'{asked}' is not a frequency: give one of 1 to {frequencies}, or auto.");

        int Latent(int count) => ((count - 1) / model.Vae.TemporalStride) + 1;
    }
}
