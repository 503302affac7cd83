"""Makes tests/fixtures/dit-fun-* and fun-conditions* from the original code:

    python3 make_fun_fixtures.py FOLDER

FOLDER holds the folder videox_fun of aigc-apps/VideoX-Fun. Weights are random, of few channels, rounded to F16 and computed with in F32.
What the code imports and does not need here (Diffusers' base classes, readers of videos, attention on a GPU) has stand-ins. Conditions are
what the original pipelines give to a transformer that records it.
"""
import contextlib
import importlib.util
import json
import re
import sys
import types
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from make_pixel_fixtures import FIXTURES, module, rounded, write
from make_vace_fixtures import attention, blocks, dot_product_attention

SEED = 4200
CLIP = 16  # width of CLIP's rows, 1280 in published models
ROWS = 257
MOVES = {'pan-left+zoom-in': 'Pan Left,Zoom In', 'clockwise': 'CW'}


def rearrange(x, pattern, **sizes):
    """The patterns of the pipelines and of both VAEs."""
    pattern = re.sub(r'\s*->\s*', ' -> ', re.sub(r'\s+', ' ', pattern))
    if pattern in ('b c f h w -> (b f) c h w', 'b c t h w -> (b t) c h w'):
        return x.transpose(1, 2).flatten(0, 1)
    if pattern in ('(b f) c h w -> b c f h w', '(b t) c h w -> b c t h w'):
        frames = sizes.get('f', sizes.get('t'))
        return x.unflatten(0, (x.shape[0] // frames, frames)).transpose(1, 2)
    if pattern == 'b f c h w -> b f h w c':
        return x.permute(0, 1, 3, 4, 2)
    if pattern == 'b c f (h q) (w r) -> b (c r q) f h w':
        q, r = sizes['q'], sizes['r']
        y = x.unflatten(3, (-1, q)).unflatten(5, (-1, r))  # b c f h q w r
        return y.permute(0, 1, 6, 4, 2, 3, 5).flatten(1, 3)
    raise NotImplementedError(pattern)


class Base(torch.nn.Module):
    pass


class Mixin:
    pass


class Saved:
    pass


class Processor:
    """Diffusers' VaeImageProcessor, for tensors of the right size."""

    def __init__(self, do_normalize=True, do_binarize=False, **_):
        self.normalizes, self.binarizes = do_normalize, do_binarize

    def preprocess(self, image, height, width):
        assert image.shape[-2:] == (height, width)
        image = 2 * image - 1 if self.normalizes else image
        return (image >= 0.5).float() if self.binarizes else image


class Pipeline:
    _execution_device = 'cpu'
    interrupt = False

    def register_modules(self, **modules):
        self.__dict__.update(modules)

    @contextlib.contextmanager
    def progress_bar(self, total):
        yield types.SimpleNamespace(update=lambda: None)

    def maybe_free_model_hooks(self):
        pass


class Anything:
    """What is imported and not used."""

    def __init__(self, *_, **__):
        pass

    def __class_getitem__(cls, _):
        return cls


def load(folder):
    folder = Path(folder) / 'videox_fun'
    F.scaled_dot_product_attention = dot_product_attention
    torch.cuda.device = lambda device: contextlib.nullcontext()
    torch.compiler = types.SimpleNamespace(disable=lambda: lambda call: call)  # came with torch 2
    anything = dict(ConfigMixin=Mixin, register_to_config=lambda init: init, FromOriginalModelMixin=Saved, ModelMixin=Base,
                    is_torch_version=lambda *_: False, logging=types.SimpleNamespace(get_logger=lambda _: None), BaseOutput=object,
                    replace_example_docstring=lambda _: lambda call: call, randn_tensor=None, get_1d_rotary_pos_embed=None,
                    apply_forward_hook=lambda call: call, DiffusionPipeline=Pipeline, VaeImageProcessor=Processor,
                    **{name: Anything for name in ('DecoderOutput', 'DiagonalGaussianDistribution', 'AutoencoderKLOutput',
                                                   'FlowMatchEulerDiscreteScheduler', 'MultiPipelineCallbacks', 'PipelineCallback',
                                                   'VideoProcessor', 'T5Tokenizer')})
    module('einops', rearrange=rearrange)
    for name in ('diffusers', 'diffusers.configuration_utils', 'diffusers.loaders', 'diffusers.loaders.single_file_model',
                 'diffusers.utils', 'diffusers.models', 'diffusers.models.modeling_utils', 'diffusers.models.autoencoders',
                 'diffusers.models.embeddings',
                 'diffusers.models.autoencoders.vae', 'diffusers.models.modeling_outputs', 'diffusers.utils.accelerate_utils',
                 'diffusers.callbacks', 'diffusers.image_processor', 'diffusers.pipelines', 'diffusers.pipelines.pipeline_utils',
                 'diffusers.schedulers', 'diffusers.utils.torch_utils', 'diffusers.video_processor', 'transformers'):
        module(name, **anything)
    module('torchvision')
    module('torchvision.transforms')
    module('torchvision.transforms.functional')
    module('cv2')
    module('packaging', version=types.SimpleNamespace(parse=lambda text: [int(n) for n in re.findall('[0-9]+', text)[:2]]))
    module('decord', VideoReader=Anything)
    if importlib.util.find_spec('PIL') is None:
        module('PIL', Image=Anything)
    names = ('AutoencoderKLWan', 'AutoTokenizer', 'CLIPModel', 'WanT5EncoderModel', 'WanTransformer3DModel', 'Wan2_2Transformer3DModel')
    for name in ('videox_fun', 'videox_fun.models', 'videox_fun.pipeline', 'videox_fun.data'):
        module(name, **{one: Anything for one in names}).__path__ = [str(folder / name[11:])]
    module('videox_fun.dist', **{name: None for name in ('get_sequence_parallel_rank', 'get_sequence_parallel_world_size', 'get_sp_group',
                                                         'usp_attn_forward', 'xFuserLongContextAttention')})
    module('videox_fun.utils', cfg_skip=lambda: lambda call: call).__path__ = []
    module('videox_fun.utils.fm_solvers', FlowDPMSolverMultistepScheduler=Mixin, get_sampling_sigmas=None)
    module('videox_fun.utils.fm_solvers_unipc', FlowUniPCMultistepScheduler=Mixin)
    module('videox_fun.models.attention_utils', attention=attention)
    module('videox_fun.models.cache_utils', TeaCache=Anything)
    made = {}
    for name in ('models.wan_camera_adapter', 'models.wan_transformer3d', 'models.wan_vae', 'models.wan_vae3_8', 'data.utils',
                 'pipeline.pipeline_wan_fun_control', 'pipeline.pipeline_wan_fun_inpaint', 'pipeline.pipeline_wan2_2_fun_control',
                 'pipeline.pipeline_wan2_2_fun_inpaint'):
        spec = importlib.util.spec_from_file_location(f'videox_fun.{name}', folder / f'{name.replace(".", "/")}.py')
        made[name.split('.')[1]] = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[spec.name])
    return types.SimpleNamespace(**made)


def save(name, config, weights, io, readme, file='weights.safetensors'):
    folder = FIXTURES / name
    folder.mkdir(exist_ok=True)
    write(folder / file, weights)
    write(folder / 'io.safetensors', {key: value.numpy().astype(np.float32) for key, value in io.items()})
    (folder / 'config.json').write_text(json.dumps(config, indent=1) + '\n')
    (folder / 'README.txt').write_text(readme + ' Made by tests/tools/make_fun_fixtures.py from the original code.\n')
    print(name, {key: (list(value.shape), round(float(value.float().std()), 3)) for key, value in io.items()})


@torch.no_grad()
def network(code, name, seed, kind, sizes, readme, **shape):
    torch.manual_seed(seed)
    model = dict(model_type='i2v', patch_size=[1, 2, 2], text_len=12, in_dim=48, dim=48, ffn_dim=64, freq_dim=16, text_dim=24, out_dim=16,
                 num_heads=2, num_layers=2, qk_norm=True, cross_attn_norm=True, eps=1e-6) | shape
    original = code.wan_transformer3d.MLPProj
    code.wan_transformer3d.MLPProj = lambda _, dim: original(CLIP, dim)
    built = getattr(code.wan_transformer3d, kind)(**{**model, 'patch_size': (1, 2, 2)})
    code.wan_transformer3d.MLPProj = original
    for parameter in built.parameters():
        parameter.copy_(torch.randn_like(parameter) * (0.3 if parameter.dim() == 1 else 1.2 / parameter[0].numel() ** 0.5))
    built, weights = rounded(built)
    io, channels = {}, model['out_dim']
    for case, (frames, height, width, t, extra) in sizes.items():
        latents, context = torch.randn(channels, frames, height, width), torch.randn(7, 24)
        y = torch.randn(model['in_dim'] - channels, frames, height, width)
        tokens = frames * height * width // 4
        given = dict(t=torch.tensor([t], dtype=torch.float32))
        io[f'{case}.in.x.0'], io[f'{case}.in.y.0'], io[f'{case}.in.context.0'] = latents, y, context
        io[f'{case}.in.t'] = given['t']
        if model['model_type'] == 'i2v':
            given['clip_fea'] = io[f'{case}.in.clip_fea'] = torch.randn(1, ROWS, CLIP)
        if model.get('add_ref_conv'):
            given['full_ref'] = torch.randn(1, channels, height, width)
            io[f'{case}.in.full_ref.0'] = given['full_ref'][0]
        if extra == 'clean':  # the first frame is given: a timestep for each token, and one for each of the reference's in front
            given['t'] = torch.cat([torch.zeros(tokens // frames), torch.full([tokens - tokens // frames], float(t))]).unsqueeze(0)
            of_reference = [torch.full([1, tokens // frames], float(t))] if 'full_ref' in given else []
            io[f'{case}.in.t'] = torch.cat([*of_reference, given['t']], dim=1)
        if model.get('add_control_adapter'):
            poses, given['y_camera'] = cameras(code, frames, height, width, model['downscale_factor_control_adapter'], extra)
            io[f'{case}.in.poses'] = poses
        mids = {}
        hooks = [block.register_forward_hook(lambda _, __, out, i=i: mids.__setitem__(f'block{i}', out))
                 for i, block in enumerate(built.blocks)]
        out = built(latents.unsqueeze(0), context=[context], seq_len=tokens, y=y.unsqueeze(0), **given)
        for hook in hooks:
            hook.remove()
        io |= {f'{case}.mid.{key}': value for key, value in mids.items()}
        io[f'{case}.out.0'] = out[0]
    ours = {key: value for key, value in model.items() if key not in ('add_control_adapter', 'model_type')}
    save(name, {'fixture': name, 'seed': seed, 'model': {'model_type': 'fun', **ours}, 'cases': list(sizes),
                **({'clip_dim': CLIP} if model['model_type'] == 'i2v' else {}),
                'source': f'aigc-apps/VideoX-Fun:videox_fun/models/wan_transformer3d.py {kind}'}, weights, io, readme)


def cameras(code, frames, height, width, stride, move):
    """Lines of a pose file, and the original's channels of them."""
    count = 4 * (frames - 1) + 1
    if move:
        lines = torch.tensor(move_lines(move, count), dtype=torch.float64)
    else:
        angles = torch.rand(count, 3) - 0.5
        turned = torch.stack([torch.linalg.matrix_exp(torch.tensor([[0, -c, b], [c, 0, -a], [-b, a, 0]])) for a, b, c in angles])
        matrices = torch.cat([turned, torch.randn(count, 3, 1)], dim=2).flatten(1)
        lines = torch.cat([torch.zeros(count, 1), torch.rand(count, 4) * 0.4 + 0.4, torch.zeros(count, 2), matrices], dim=1).double()
    lines = lines.float().double()  # as they are stored
    rays = code.utils.process_pose_params(lines.tolist(), width=width * stride, height=height * stride)
    video = rays.permute([3, 0, 1, 2]).unsqueeze(0)
    return lines, channels_of(code, video)


def move_lines(move, count):
    """Lines of a pose file as comfyui/camera_utils.py makes the moves, with the focal lengths of the files in asset/."""
    scope = {}
    source = (Path(sys.argv[1]) / 'comfyui/camera_utils.py').read_text()
    exec(compile(source, 'camera_utils.py', 'exec'), scope)
    names = MOVES[move].split(',')
    angle, place = (sum(np.array(scope['CAMERA'][name][key]) for name in names) for key in ('angle', 'T'))
    poses = scope['get_camera_motion'](angle, place, 1.0, count)
    return [[0, 0.532139961, 0.946026558, 0.5, 0.5, 0, 0, *pose.reshape(-1)] for pose in poses]


def channels_of(code, video):
    """The lines of the pipelines that make the adapter's channels."""
    source = Path(code.pipeline_wan_fun_control.__file__).read_text()
    first, end = source.index('            control_camera_latents = torch.concat('), source.index('        elif control_video is not None:')
    body = source[first:end]
    scope = {'torch': torch, 'control_camera_video': video}
    exec('if True:\n' + body, scope)
    return scope['control_camera_latents']


@torch.no_grad()
def conditions(code, name, seed, built, config, latent, cases, readme):
    torch.manual_seed(seed)
    for parameter in built.parameters():
        if parameter.dim() > 3 and parameter.shape[-1] > 1 or parameter.dim() == 5:
            parameter.copy_(torch.randn_like(parameter) * 1.2 / parameter[0].numel() ** 0.5)
    built, weights = rounded(built)
    source = code.wan_vae.AutoencoderKLWan if latent == 16 else code.wan_vae3_8.AutoencoderKLWan3_8
    mean, std = tables(source)

    class Vae:
        """As AutoencoderKLWan, whose constructor makes the network of the published size."""
        dtype, latent_channels, temporal_compression_ratio = torch.float32, latent, 4
        spatial_compression_ratio = 8 if latent == 16 else 16
        config = types.SimpleNamespace(latent_channels=latent)

        def encode(self, video):
            mu = built.encode(video, [mean, 1.0 / std]).chunk(2, dim=1)[0].float()
            return [types.SimpleNamespace(mode=lambda: mu)]

    class Scheduler(Mixin):
        order, config = 1, types.SimpleNamespace(num_train_timesteps=1000)

        def set_timesteps(self, *_, **__):
            self.timesteps = torch.tensor([900.0])

        def step(self, noise, t, latents, **_):
            return (latents,)

    sys.modules['videox_fun.utils.fm_solvers_unipc'].FlowUniPCMultistepScheduler = Scheduler
    io = {}
    for case, (kind, channels, frames, height, width, given) in cases.items():
        pipeline = getattr(code, f'pipeline_{kind}')
        pipeline.FlowUniPCMultistepScheduler = Scheduler
        seen = {}

        class Transformer:
            config = {'add_ref_conv': 'reference' in given, 'patch_size': (1, 2, 2)}
            config = type('Config', (dict,), {'patch_size': (1, 2, 2)})(config)

            def __call__(self, x, **values):
                seen.update(values, x=x)
                return x

        owner = next(value for key, value in vars(pipeline).items() if key.endswith('Pipeline') and key.startswith('Wan'))
        made = owner.__new__(owner)
        Pipeline.register_modules(made, vae=Vae(), transformer=Transformer(), transformer_2=None, scheduler=Scheduler(), text_encoder=Vae(),
                                  clip_image_encoder=lambda _: torch.ones(1, ROWS, CLIP), image_processor=Processor(),
                                  mask_processor=Processor(do_normalize=False, do_binarize=True))
        made.check_inputs = lambda *_: None
        made.prepare_extra_step_kwargs = lambda *_: {}
        made.encode_prompt = lambda *_, **__: ([torch.zeros(1, 4)], [torch.zeros(1, 4)])
        made.__class__.guidance_scale = made.__class__.interrupt = None
        pipeline.TF.to_tensor = lambda _: torch.zeros(3, 8, 8)
        pictures = {key: blocks(torch.randint(0, 256, (3, 1 if key != 'control' else frames, height // 8, width // 8)).float(), 8)
                    for key in given}
        io |= {f'{case}.in.{key}': value for key, value in pictures.items()}
        shown = {key: value.unsqueeze(0) / 255 for key, value in pictures.items()}
        arguments = {}
        if 'control' in shown:
            arguments['control_video'] = shown['control']
        if 'reference' in shown:
            arguments['ref_image'] = shown['reference']
        if kind == 'wan_fun_control' and 'first' in shown:
            arguments['start_image'] = shown['first']
        elif kind != 'wan_fun_control':
            video, mask = torch.zeros(1, 3, frames, height, width), torch.full([1, 1, frames, height, width], 255.0)
            if 'first' in shown:  # get_image_to_video_latent
                video, mask = shown['first'].repeat(1, 1, frames, 1, 1), mask
                mask[:, :, :1] = 0
            if 'last' in shown:
                video[:, :, -1:], mask[:, :, -1:] = shown['last'], 0
            arguments |= {'video': video, 'mask_video': mask}
        if kind.endswith('fun_control') and 'control' not in given:
            count = 1 + 4 * ((frames - 1) // 4)
            arguments['control_camera_video'] = torch.zeros(1, 6, count, height, width)
        latents = torch.randn(1, latent, (frames - 1) // 4 + 1, height // Vae.spatial_compression_ratio,
                              width // Vae.spatial_compression_ratio)
        owner.__call__(made, prompt='a', height=height, width=width, num_frames=frames, num_inference_steps=1, guidance_scale=1.0,
                       latents=latents.clone(), output_type='latent', **arguments)
        assert seen['y'].shape[1] + latent == channels, (case, seen['y'].shape)
        io[f'{case}.out.y'] = seen['y'][0]
        if seen.get('full_ref') is not None:
            io[f'{case}.out.full_ref'] = seen['full_ref'][0]
        if latent == 48 and 'first' in given:
            io[f'{case}.out.first'] = seen['x'][0, :, 0]
            assert torch.equal(seen['x'][:, :, 1:], latents[:, :, 1:]) and seen['t'].unique().tolist() == [0, 900]
    save(name, {'fixture': 'fun-conditions', 'seed': seed, 'vae': config, 'cases': list(cases),
                'kinds': {case: value[1] for case, value in cases.items()},
                'source': 'aigc-apps/VideoX-Fun:videox_fun/pipeline/pipeline_wan(2_2)_fun_(inpaint,control).py'}, weights, io, readme,
         'vae.safetensors')


def tables(owner):
    """The mean and the deviation of latents, which the constructor holds."""
    import inspect

    numbers = [[float(number) for number in re.findall(r'-?\d+\.\d+', text)]
               for text in re.findall(r'\[([-\d., \n]+)\]', inspect.getsource(owner.__init__))]
    mean, std = [values for values in numbers if len(values) in (16, 48)][:2]
    return torch.tensor(mean), torch.tensor(std)


if __name__ == '__main__':
    original = load(sys.argv[1])
    network(original, 'dit-fun-control', SEED, 'WanTransformer3DModel', {'case0': (3, 6, 8, 437, ''), 'case1': (1, 4, 4, 999, '')},
            "VideoX-Fun's 2.1 Control with a reference: control and image join the latents.", add_ref_conv=True)
    network(original, 'dit-fun-control-5b', SEED + 1, 'Wan2_2Transformer3DModel',
            {'case0': (3, 4, 6, 437, ''), 'case1': (2, 6, 4, 650, 'clean')},
            "VideoX-Fun's 2.2 5B Control: control, mask and image join the latents, and the first frame may be clean.",
            model_type='ti2v', in_dim=148, out_dim=48, add_ref_conv=True, in_dim_ref_conv=48)
    network(original, 'dit-fun-camera', SEED + 2, 'WanTransformer3DModel',
            {'case0': (3, 4, 6, 437, ''), 'case1': (2, 6, 4, 650, 'pan-left+zoom-in'), 'case2': (1, 4, 4, 20, 'clockwise')},
            "VideoX-Fun's 2.1 Camera: an image joins the latents, and rays of a camera the tokens.",
            in_dim=32, dim=24, num_heads=1, add_control_adapter=True, downscale_factor_control_adapter=8)
    network(original, 'dit-fun-camera-5b', SEED + 3, 'Wan2_2Transformer3DModel', {'case0': (2, 4, 2, 437, '')},
            "VideoX-Fun's 2.2 5B Camera: mask and image join the latents, and rays of a camera, 16 pixels to a position, the tokens.",
            model_type='ti2v', in_dim=100, out_dim=48, dim=12, num_heads=1, num_layers=1, add_control_adapter=True,
            downscale_factor_control_adapter=16)
    small = dict(dim=2, z_dim=16, dim_mult=[1, 2, 4, 4], num_res_blocks=1, attn_scales=[], temperal_downsample=[False, True, True],
                 dropout=0.0)
    conditions(original, 'fun-conditions', SEED + 4, original.wan_vae.AutoencoderKLWan_(**small), small, 16, {
        'inp-first': ('wan_fun_inpaint', 36, 9, 32, 48, ('first',)),
        'inp-both': ('wan_fun_inpaint', 36, 5, 32, 32, ('first', 'last')),
        'inp-none': ('wan_fun_inpaint', 36, 5, 32, 16, ()),
        'control': ('wan_fun_control', 48, 9, 32, 32, ('control',)),
        'control-all': ('wan_fun_control', 48, 5, 32, 48, ('control', 'first', 'reference')),
        'control-22': ('wan2_2_fun_control', 52, 9, 32, 16, ('control', 'first', 'last', 'reference')),
        'control-22-alone': ('wan2_2_fun_control', 52, 5, 16, 32, ('control',)),
        'camera': ('wan_fun_control', 32, 5, 32, 32, ('first',)),
        'camera-22': ('wan2_2_fun_control', 36, 5, 32, 16, ('first',)),
    }, "What VideoX-Fun's pipelines join to the latents of InP, Control and Camera, through a small VAE.")
    large = {**small, 'dec_dim': 2, 'z_dim': 48}
    conditions(original, 'fun-conditions-5b', SEED + 5, original.wan_vae3_8.AutoencoderKLWan2_2_(**large), large, 48, {
        'inp-both': ('wan2_2_fun_inpaint', 100, 5, 32, 64, ('first', 'last')),
        'inp-none': ('wan2_2_fun_inpaint', 100, 5, 32, 32, ()),
        'control': ('wan2_2_fun_control', 148, 5, 64, 32, ('control', 'first', 'reference')),
    }, "What VideoX-Fun's pipelines join to the latents of the 5B models, and the first frame's latents, through a small VAE.")
