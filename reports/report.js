'use strict';
// Written without the characters that XML keeps for itself, so that the page stays well-formed XML.
(function () {
	document.documentElement.classList.add('js');
	const all = (s, from) => Array.from((from || document).querySelectorAll(s));
	const one = s => document.querySelector(s);
	const plot = one('#plot');
	const tip = document.createElement('div');
	tip.id = 'tip';
	document.body.appendChild(tip);

	// --- tooltips: the titles that are there without us ---
	all('#map rect').forEach(r => {
		const title = r.querySelector('title');
		if (title) {
			r.dataset.tip = title.textContent;
			title.remove();
		}
	});
	document.addEventListener('mousemove', e => {
		const r = e.target.closest ? e.target.closest('[data-tip]') : null;
		tip.style.display = r ? 'block' : 'none';
		if (!r) return;
		tip.textContent = r.dataset.tip;
		tip.style.left = Math.max(4, Math.min(e.clientX + 14, window.innerWidth - tip.offsetWidth - 8)) + 'px';
		tip.style.top = (e.clientY + tip.offsetHeight + 28 > window.innerHeight ? e.clientY - tip.offsetHeight - 10 : e.clientY + 16) + 'px';
	});

	// --- what belongs together lights up together ---
	const rows = all('#ledger tr[data-o]');
	let lit = null;
	function family(id) {
		const ids = new Set([id]);
		let size = 0;
		while (size !== ids.size) {
			size = ids.size;
			rows.forEach(r => { if (ids.has(r.dataset.p)) ids.add(r.dataset.o); });
		}
		return ids;
	}
	function light(ids, key) {
		const off = lit === key;
		lit = off ? null : key;
		let nr = 0;
		all('#map rect[data-o], #ledger tr[data-o], #ranges tr').forEach(e => {
			const on = off ? false : ids.has(e.dataset.o);
			e.classList.toggle('on', on);
			if (on) nr += e.tagName.toLowerCase() === 'rect' ? 1 : 0;
		});
		one('#map').classList.toggle('lit', nr > 0);
	}
	rows.forEach(r => r.addEventListener('click', () => light(family(r.dataset.o), r.dataset.o)));
	all('.legend li[data-s]').forEach(li => li.addEventListener('click', () => {
		light(new Set(all('#map rect.s-' + li.dataset.s).map(r => r.dataset.o)), 's ' + li.dataset.s);
	}));
	all('#map rect[data-o]').forEach(r => r.addEventListener('click', () => light(new Set([r.dataset.o]), r.dataset.o)));

	// --- zoom: positions are recomputed, so that text and lines keep their size ---
	if (plot) {
		const width = Number(plot.dataset.width);
		const rects = all('rect[data-x]', plot).map(e => ({ e: e, x: Number(e.dataset.x), w: Number(e.dataset.w) }));
		const ticks = all('g[data-x]', one('#map')).map(e => ({ e: e, x: Number(e.dataset.x), mark: e.dataset.mark === '1' }));
		const labels = all('text[data-x]', plot).map(e => ({ e: e, x: Number(e.dataset.x), w: Number(e.dataset.w), room: Number(e.dataset.room) }));
		const out = one('#map output');
		const pieces = all('rect[data-a]', plot).map(e => ({ x: Number(e.dataset.x), w: Number(e.dataset.w), a: Number(e.dataset.a), n: Number(e.dataset.n) }));
		const address = x => {
			const p = pieces.find(q => q.x + q.w > x) || pieces[pieces.length - 1];
			return '0x' + Math.floor(p.a + (x - p.x) / p.w * p.n).toString(16);
		};
		let from = 0, to = width;
		const draw = () => {
			const k = width / (to - from);
			rects.forEach(r => {
				r.e.setAttribute('x', ((r.x - from) * k).toFixed(2));
				r.e.setAttribute('width', Math.max(r.w * k, 0.7).toFixed(2));
			});
			labels.forEach(l => {
				const a = Math.max(l.x, from), b = Math.min(l.x + l.w, to);
				l.e.setAttribute('x', (((a + b) / 2 - from) * k).toFixed(2));
				l.e.setAttribute('visibility', (b - a) * k > l.room ? 'visible' : 'hidden');
			});
			const taken = [];
			const place = t => {
				const x = (t.x - from) * k;
				const free = x >= 0 ? (width - 60 >= x ? taken.every(y => Math.abs(y - x) > 96) : false) : false;
				if (free) taken.push(x);
				t.e.setAttribute('transform', 'translate(' + x.toFixed(2) + ',0)');
				t.e.setAttribute('visibility', free ? 'visible' : 'hidden');
			};
			ticks.filter(t => t.mark).forEach(place);
			ticks.filter(t => !t.mark).forEach(place);
			out.textContent = k > 1.001 ? k.toFixed(k > 20 ? 0 : 1) + '\u00d7, ' + address(from) + ' to ' + address(Math.min(to, width - 1e-9)) : '';
		};
		const zoom = (factor, at) => {
			const span = Math.min(width, Math.max((to - from) / factor, width / 200000));
			from = Math.min(Math.max(at - (at - from) * span / (to - from), 0), width - span);
			to = from + span;
			draw();
		};
		const pan = part => {
			const span = to - from;
			from = Math.min(Math.max(from + part * span, 0), width - span);
			to = from + span;
			draw();
		};
		const show = (x, w) => {
			const span = Math.min(width, Math.max(w * 4, width / 200000));
			from = Math.min(Math.max(x + w / 2 - span / 2, 0), width - span);
			to = from + span;
			draw();
		};
		const act = {
			'in': () => zoom(2, (from + to) / 2), out: () => zoom(0.5, (from + to) / 2), left: () => pan(-0.4), right: () => pan(0.4),
			all: () => { from = 0; to = width; draw(); },
		};
		all('.tools button').forEach(b => b.addEventListener('click', () => act[b.dataset.do]()));
		const at = e => {
			const svg = plot.ownerSVGElement.getBoundingClientRect();
			const scale = svg.width / plot.ownerSVGElement.viewBox.baseVal.width;
			return from + Math.min(Math.max((e.clientX - svg.left) / scale - Number(plot.getAttribute('x')), 0), width) / width * (to - from);
		};
		plot.addEventListener('wheel', e => {
			if (e.ctrlKey || e.metaKey) {
				e.preventDefault();
				zoom(e.deltaY > 0 ? 0.7 : 1.4, at(e));
			}
		}, { passive: false });
		plot.addEventListener('dblclick', e => zoom(4, at(e)));
		one('#map svg').addEventListener('keydown', e => {
			const name = { '+': 'in', '=': 'in', '-': 'out', ArrowLeft: 'left', ArrowRight: 'right', '0': 'all' }[e.key];
			if (name) {
				e.preventDefault();
				act[name]();
			}
		});
		all('#ranges tbody tr').forEach(r => r.addEventListener('click', () => {
			show(Number(r.dataset.x), Number(r.dataset.w));
			one('#map').scrollIntoView();
		}));
		draw();
	}

	// --- tables that can be sorted ---
	all('table.sortable').forEach(t => all('thead th', t).forEach((th, i) => {
		const b = document.createElement('button');
		b.textContent = th.textContent;
		th.textContent = '';
		th.appendChild(b);
		th.setAttribute('aria-sort', 'none');
		b.addEventListener('click', () => {
			const up = th.getAttribute('aria-sort') !== 'ascending';
			const key = tr => { const td = tr.children[i]; return td ? (td.dataset.v === undefined ? td.textContent : Number(td.dataset.v)) : ''; };
			const body = t.tBodies[0];
			all('thead th', t).forEach(h => h.setAttribute('aria-sort', 'none'));
			th.setAttribute('aria-sort', up ? 'ascending' : 'descending');
			Array.from(body.rows).sort((a, c) => {
				const x = key(a), y = key(c);
				const d = typeof x === 'number' ? x - y : String(x).localeCompare(String(y), 'en', { numeric: true });
				return up ? d : -d;
			}).forEach(r => body.appendChild(r));
		});
	}));
})();
