using WanSharp.Engine.Enhancing;
using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Models.Enhancers;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>Resolves what enlarges a clip's frames.</summary>
internal static class UpscalePlanner
{
    private const string Field = "upscale";

    /// <summary>A plan with what enlarges its frames.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="enhancers">Opens files; null where none can be used.</param>
    /// <exception cref="InvalidRequestException">The file is not there, or the frames cannot have that size.</exception>
    public static GenerationPlan Apply(GenerationPlan plan, ClipSettings request, EnhancerShelf? enhancers) =>
        Find(plan.Settings.DecodedSize, request, enhancers) is { } file
            ? plan with
            {
                Upscaler = file,
                Settings = plan.Settings with
                {
                    Upscale = new UsedNetwork(file.Name, "", file.Upscaler!.Scale),
                    UpscaleHeight = request.UpscaleHeight,
                },
            }
            : plan;

    /// <summary>What enlarges frames; null where nothing is asked for.</summary>
    /// <param name="from">The frames that come.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="enhancers">Opens files; null where none can be used.</param>
    /// <exception cref="InvalidRequestException">The file is not there, or the frames cannot have that size.</exception>
    public static EnhancerFile? Find(ClipSize from, ClipSettings request, EnhancerShelf? enhancers)
    {
        if (request.Upscale is null)
        {
            RequireNoHeight(request);
            return null;
        }

        var file =
            enhancers?.FindUpscaler(Field, request.Upscale)
            ?? throw new InvalidRequestException(Field, "Frames cannot be enlarged here: leave it out.");
        RequireSize(from, new UsedNetwork(file.Name, "", file.Upscaler!.Scale), request.UpscaleHeight);
        return file;
    }

    /// <summary>Refuses a height for frames that nothing enlarges.</summary>
    private static void RequireNoHeight(ClipSettings request)
    {
        if (request.UpscaleHeight is not null)
        {
            throw new InvalidRequestException(
                SettingFields.UpscaleHeight.Label,
                $"{SettingFields.UpscaleHeight.Label} says how high enlarged frames are, but nothing enlarges them: name a network "
                    + "with --upscale, or leave it out."
            );
        }
    }

    /// <summary>Refuses a size that frames cannot be enlarged to.</summary>
    /// <param name="from">The frames that come.</param>
    /// <param name="network">What enlarges them.</param>
    /// <param name="height">The height that is asked for; null for what the network makes.</param>
    /// <exception cref="InvalidRequestException">They cannot.</exception>
    public static void RequireSize(ClipSize from, UsedNetwork network, int? height)
    {
        var whole = from.Enlarged(network.Scale, height: null);
        if (Math.Max(whole.Width, whole.Height) > ModelLimits.MaximumSide)
        {
            throw new InvalidRequestException(
                Field,
                $"{network.Name} makes {whole} of {from}, and no side may be longer than {ModelLimits.MaximumSide}: take a smaller clip or "
                    + "a network of a smaller scale."
            );
        }

        if (height is not { } wanted)
        {
            return;
        }

        _ = SettingFields.UpscaleHeight.Require(wanted);
        if (wanted > whole.Height || wanted % 2 != 0)
        {
            var nearest = Math.Min(wanted + (wanted % 2), whole.Height / 2 * 2);
            throw new InvalidRequestException(
                SettingFields.UpscaleHeight.Label,
                $"A height of {wanted} does not fit: {network.Name} makes {whole} of {from}, and heights are even. The nearest is "
                    + $"{nearest}."
            );
        }
    }
}
